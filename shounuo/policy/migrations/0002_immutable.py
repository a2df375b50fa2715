"""A published version, its clauses and rules cannot be changed by anyone; the database refuses.

Left open on purpose: a version's archiving and end, and the standing of a rule (live, waiting), which follows from
the parts that are installed.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION policy_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state NOT IN ('published', 'archived') THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'policy version % is published and cannot be deleted', OLD.id;
  END IF;
  IF NEW.state NOT IN ('published', 'archived') OR (OLD.state = 'archived' AND NEW.state <> 'archived')
     OR (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at)
     OR (to_jsonb(NEW) - 'state' - 'ended_at') <> (to_jsonb(OLD) - 'state' - 'ended_at') THEN
    RAISE EXCEPTION 'policy version % is published and cannot be changed', OLD.id;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER policy_version_immutable BEFORE UPDATE OR DELETE ON policy_policyversion
  FOR EACH ROW EXECUTE FUNCTION policy_version_guard();

CREATE FUNCTION policy_published(version bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM policy_policyversion WHERE id = version AND state IN ('published', 'archived'))
$$;

CREATE FUNCTION policy_clause_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (TG_OP <> 'INSERT' AND policy_published(OLD.version_id))
     OR (TG_OP <> 'DELETE' AND policy_published(NEW.version_id)) THEN
    RAISE EXCEPTION 'a clause of a published policy version cannot be changed';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER policy_clause_immutable BEFORE INSERT OR UPDATE OR DELETE ON policy_clause
  FOR EACH ROW EXECUTE FUNCTION policy_clause_guard();

CREATE FUNCTION policy_clause_published(clause bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM policy_clause c JOIN policy_policyversion v ON v.id = c.version_id
                 WHERE c.id = clause AND v.state IN ('published', 'archived'))
$$;

CREATE FUNCTION policy_rule_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  standing text[] := ARRAY['status', 'waiting_for', 'live_since'];
BEGIN
  IF (TG_OP <> 'INSERT' AND policy_clause_published(OLD.clause_id))
     OR (TG_OP <> 'DELETE' AND policy_clause_published(NEW.clause_id)) THEN
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - standing) = (to_jsonb(OLD) - standing) THEN
      RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a rule of a published policy version cannot be changed';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER policy_rule_immutable BEFORE INSERT OR UPDATE OR DELETE ON policy_rule
  FOR EACH ROW EXECUTE FUNCTION policy_rule_guard();

-- From a sequence, so that a number taken back by a rollback is never given to another rule set.
CREATE SEQUENCE policy_generation_number;
INSERT INTO policy_policygeneration (id, number) VALUES (1, nextval('policy_generation_number'));
"""

BACKWARD = """
DELETE FROM policy_policygeneration;
DROP SEQUENCE policy_generation_number;
DROP TRIGGER policy_rule_immutable ON policy_rule;
DROP TRIGGER policy_clause_immutable ON policy_clause;
DROP TRIGGER policy_version_immutable ON policy_policyversion;
DROP FUNCTION policy_rule_guard();
DROP FUNCTION policy_clause_published(bigint);
DROP FUNCTION policy_clause_guard();
DROP FUNCTION policy_published(bigint);
DROP FUNCTION policy_version_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
