/** Begins. */
import './design/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { applyPreferences } from './app/preferences';
import { App } from './app/routes';

applyPreferences();
const at = document.getElementById('root');
if (!at) throw new Error('the page has no place for the program');
createRoot(at).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
