-- Registry, people, and the fix history. Times are timestamptz; positions WGS-84 integers of 1e-7 degree.

CREATE TABLE person (
  no            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name          text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 80),
  role          text NOT NULL CHECK (role IN ('administrator', 'dispatcher')),
  password_hash text NOT NULL,
  demo          boolean NOT NULL DEFAULT false,
  created_at    timestamptz NOT NULL DEFAULT now(),
  disabled_at   timestamptz
);

-- The cookie holds the token; only its SHA-256 is kept.
CREATE TABLE session (
  token_hash bytea PRIMARY KEY,
  person_no  integer NOT NULL REFERENCES person ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at    timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);

CREATE TABLE device (
  no          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id          text NOT NULL UNIQUE,
  label       text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('handset', 'vehicle-terminal', 'ankle-monitor')),
  datum       text NOT NULL DEFAULT 'wgs84' CHECK (datum IN ('wgs84', 'gcj02')),
  -- HMAC-SHA-256 of the secret under the device key: cheap enough for 100,000 devices that reconnect at once.
  secret_hash bytea NOT NULL,
  disabled    boolean NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE unit (
  no            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id            text NOT NULL UNIQUE,
  callsign      text NOT NULL UNIQUE,
  kind          text NOT NULL CHECK (kind IN ('foot', 'motorcycle', 'car', 'boat')),
  status        text NOT NULL DEFAULT 'available'
                CHECK (status IN ('available', 'en-route', 'on-scene', 'busy', 'off-duty', 'emergency')),
  home_lng_e7   integer,
  home_lat_e7   integer,
  -- A device serves at most one unit.
  device_no     integer UNIQUE REFERENCES device ON DELETE SET NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  CHECK ((home_lng_e7 IS NULL) = (home_lat_e7 IS NULL))
);

-- Everyone who caches the registry listens on `registry_changed`; the payload names the table and the row's number.
CREATE FUNCTION notify_registry_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('registry_changed', TG_TABLE_NAME || ':' || COALESCE(NEW.no, OLD.no));
  RETURN NULL;
END $$;
CREATE TRIGGER device_changed AFTER INSERT OR UPDATE OR DELETE ON device
  FOR EACH ROW EXECUTE FUNCTION notify_registry_changed();
CREATE TRIGGER unit_changed AFTER INSERT OR UPDATE OR DELETE ON unit
  FOR EACH ROW EXECUTE FUNCTION notify_registry_changed();

-- A new epoch at every start of a broker process; rows of an epoch are numbered 1, 2, 3 … in commit order, without holes.
CREATE SEQUENCE broker_epoch_seq;
CREATE TABLE broker_epoch (
  epoch      bigint PRIMARY KEY DEFAULT nextval('broker_epoch_seq'),
  broker     smallint NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now()
);

-- The fix history, partitioned by device time (a day a partition, `fix_YYYYMMDD`, made ahead and dropped by retention).
CREATE TABLE fix (
  device_no       integer NOT NULL,
  fixed_at        timestamptz NOT NULL,
  seq             integer NOT NULL,
  received_at     timestamptz NOT NULL,
  lng_e7          integer NOT NULL,
  lat_e7          integer NOT NULL,
  accuracy_dm     integer,
  speed_cms       integer,
  heading_cdeg    integer,
  altitude_m      smallint,
  clock_offset_ms integer,
  battery_percent smallint,
  flags           smallint NOT NULL,
  broker          smallint NOT NULL,
  epoch           bigint NOT NULL,
  n               bigint NOT NULL,
  PRIMARY KEY (device_no, fixed_at, seq)
) PARTITION BY RANGE (fixed_at);
-- Catch-up reads by (epoch, n). Rows come in that order, so each goes to the rightmost leaf; a block range index was tried and is
-- passed over by the planner until autovacuum has summarized it, so a catch-up in a young partition read all of it.
CREATE INDEX fix_numbered ON fix (epoch, n);

-- The believed position of each device that moved, and the cursor it stands for; both written in one transaction by the API.
CREATE TABLE latest_fix (
  device_no       integer PRIMARY KEY REFERENCES device ON DELETE CASCADE,
  fixed_at        timestamptz NOT NULL,
  seq             integer NOT NULL,
  received_at     timestamptz NOT NULL,
  lng_e7          integer NOT NULL,
  lat_e7          integer NOT NULL,
  accuracy_dm     integer,
  speed_cms       integer,
  heading_cdeg    integer,
  altitude_m      smallint,
  clock_offset_ms integer,
  battery_percent smallint,
  flags           smallint NOT NULL,
  -- Receipt of the last message of any kind: the link lives [P8].
  heard_at        timestamptz NOT NULL,
  -- Implausible fixes that have not moved it yet [P5], as JSON of the live state.
  pending         jsonb
) WITH (fillfactor = 50); -- room for the next version of each row on its own page: no index entry is written for it
CREATE TABLE live_cursor (
  broker smallint NOT NULL,
  epoch  bigint NOT NULL,
  n      bigint NOT NULL,
  PRIMARY KEY (broker, epoch)
);

-- Presence as the brokers saw it last, for an API that starts.
CREATE TABLE device_presence (
  device_no integer PRIMARY KEY REFERENCES device ON DELETE CASCADE,
  online    boolean NOT NULL,
  at        timestamptz NOT NULL,
  broker    smallint NOT NULL,
  epoch     bigint NOT NULL
);

-- [P6] Refusals by reason; device 0 stands for senders that are no known device.
CREATE TABLE refusal (
  device_no integer NOT NULL,
  reason    text NOT NULL,
  count     bigint NOT NULL,
  last_at   timestamptz NOT NULL,
  PRIMARY KEY (device_no, reason)
);

-- Kept in history, moved nothing [P3, P5]; counted by the API.
CREATE TABLE kept_unmoved (
  device_no   integer PRIMARY KEY REFERENCES device ON DELETE CASCADE,
  late        bigint NOT NULL DEFAULT 0,
  implausible bigint NOT NULL DEFAULT 0
);
