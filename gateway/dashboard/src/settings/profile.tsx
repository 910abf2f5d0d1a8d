/** The own profile: who one is, what one says of oneself, how things look, what one is told of. */
import { useQuery } from '@tanstack/react-query';
import { question } from '../api/questions';
import { Settings } from './frame';
import { Answered } from './parts/answered';
import { Looks } from './profile/look';
import { Notices } from './profile/notices';
import { Organization } from './profile/organization';
import { Person, Said } from './profile/person';

export default function ProfilePage() {
  const profile = useQuery(question('GET /api/users/profile'));
  return (
    <Settings title="Profile">
      <Answered query={profile} what="Your profile">
        {(profile) => (
          <>
            <Person profile={profile} />
            <Said profile={profile} />
            <Looks profile={profile} />
            <Notices profile={profile} />
          </>
        )}
      </Answered>
      <Organization />
    </Settings>
  );
}
