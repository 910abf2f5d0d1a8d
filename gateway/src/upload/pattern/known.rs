//! The table of templates: which programs write lines of which form.
//!
//! Invariant: of two templates that fit the same lines the one that says more stands first. It holds no code: a further
//! form is a further line here, with a sample in the tests.

use super::Family::{self, Application, Last, ServerError, Syslog};

/// Family, name, and form. A name in braces is a word; `:text` reaches to what follows it, `:number` is digits;
/// `time`, `bsd_time`, `clock`, `level`, `priority` and `message` are read as what they are.
pub(super) const TEMPLATES: &[(Family, &str, &str)] = &[
    (
        ServerError,
        "nginx_error",
        "{time} [{level}] {pid:number}#{tid:number}: *{connection:number} {message}",
    ),
    (ServerError, "nginx_error", "{time} [{level}] {pid:number}#{tid:number}: {message}"),
    (
        ServerError,
        "apache_error",
        "[{time}] [{module}:{level}] [pid {pid:number}:tid {tid:number}] [client {client:text}] {message}",
    ),
    (
        ServerError,
        "apache_error",
        "[{time}] [{module}:{level}] [pid {pid:number}:tid {tid:number}] {message}",
    ),
    (
        ServerError,
        "apache_error",
        "[{time}] [{module}:{level}] [pid {pid:number}] [client {client:text}] {message}",
    ),
    (ServerError, "apache_error", "[{time}] [{module}:{level}] [pid {pid:number}] {message}"),
    (ServerError, "apache_error", "[{time}] [{level}] [client {client:text}] {message}"),
    (Application, "celery", "[{time}: {level}/{process}] {message}"),
    (Application, "gunicorn", "[{time}] [{pid:number}] [{level}] {message}"),
    (Application, "flask", "[{time}] {level} in {logger}: {message}"),
    (Application, "loguru", "{time} | {level} | {logger}:{function}:{line:number} - {message}"),
    (Application, "spring_boot", "{time} {level} {pid:number} --- [{thread:text}] {logger} : {message}"),
    (
        Application,
        "spring_boot",
        "{time} {level} {pid:number} --- [{application:text}] [{thread:text}] {logger} : {message}",
    ),
    (Application, "python", "{time} - {logger} - {level} - {message}"),
    (Application, "python", "{time} - {level} - {logger} - {message}"),
    (Application, "python", "{time} - {level} - {message}"),
    (Application, "django", "{level} {time} {module} {pid:number} {thread_id:number} {message}"),
    (Application, "log4j", "{time} - {level} [{thread:text}] - {message}"),
    (Application, "logback", "{time} [{thread:text}] {level} {logger} - {message}"),
    (Application, "logback", "{clock} [{thread:text}] {level} {logger} - {message}"),
    (Application, "log4j", "{time} {level} [{thread:text}] {logger} - {message}"),
    (Application, "log4j", "{time} {level} [{thread:text}] {logger}: {message}"),
    (Application, "jboss", "{time} {level} [{logger}] ({thread:text}) {message}"),
    (Application, "tomcat", "{time} {level} [{thread:text}] {logger} {message}"),
    (Application, "log4j", "{time} {level} ({thread:text}) [{logger}] {message}"),
    (Application, "hadoop", "{time} {pid:number} {level} {logger}: {message}"),
    (Application, "postgresql", "{time} [{pid:number}] {level}: {message}"),
    (Application, "python", "{time} {logger} {level} {message}"),
    (Application, "log4j", "{time} {level} {logger}: {message}"),
    (Application, "windows_cbs", "{time}, {level} {component} {message}"),
    (Application, "generic", "[{time}] [{level}] {message}"),
    (Application, "generic", "[{time}] {level}: {message}"),
    (Application, "generic", "[{time}] {level} {message}"),
    (Application, "laravel", "[{time}] {environment}.{level}: {message}"),
    (Application, "generic", "{time} [{level}] {message}"),
    (Application, "generic", "{time} {level}: {message}"),
    (Application, "generic", "{time} {level} {message}"),
    (Application, "generic", "[{level}] {time} {message}"),
    (Application, "generic", "{level} [{time}] {message}"),
    (Application, "generic", "{level} {time} {message}"),
    (Application, "python", "{level}:{logger}:{message}"),
    (Syslog, "syslog_rfc3164", "{priority}{bsd_time} {host} {service}[{pid:number}]: {message}"),
    (Syslog, "syslog_rfc3164", "{priority}{bsd_time} {host} {service}: {message}"),
    (Syslog, "syslog_rfc3164", "{priority}{bsd_time} {host} {message}"),
    (Syslog, "syslog", "{priority}{time} {host} {service}[{pid:number}]: {message}"),
    (Syslog, "syslog", "{priority}{time} {host} {service}: {message}"),
    (Last, "timestamped", "[{time}] {message}"),
    (Last, "timestamped", "{time} {message}"),
];
