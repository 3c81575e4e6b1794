-- [O1] An ankle monitor serves an order, never a unit; and what a device is stays as it was registered, so that none becomes one
-- later or is one no more.

CREATE FUNCTION refuse_ankle_monitor_of_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM device WHERE no = NEW.device_no AND kind = 'ankle-monitor') THEN
    RAISE EXCEPTION 'device % is an ankle monitor, which serves an order and never a unit', NEW.device_no
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER unit_device_is_no_ankle_monitor BEFORE INSERT OR UPDATE OF device_no ON unit
  FOR EACH ROW WHEN (NEW.device_no IS NOT NULL) EXECUTE FUNCTION refuse_ankle_monitor_of_unit();

CREATE FUNCTION refuse_other_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'device % was registered as %: register another device', OLD.id, OLD.kind USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER device_kind_stays BEFORE UPDATE ON device
  FOR EACH ROW WHEN (OLD.kind IS DISTINCT FROM NEW.kind) EXECUTE FUNCTION refuse_other_kind();
