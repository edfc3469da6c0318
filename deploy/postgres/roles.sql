-- What the two roles of the portal may do in the database they meet in.
-- The owner migrates; the runner serves and owns nothing, so that what a migration
-- takes from it (changing the audit log) stays taken. Run as superuser, any number of
-- times: by deploy/postgres/init.sh in a container, by config/embedded.py elsewhere.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO portal_runner;

ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal_runner;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO portal_runner;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
    GRANT EXECUTE ON FUNCTIONS TO portal_runner;
