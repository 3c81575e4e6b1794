-- What must run once among several processes runs in the one that holds the row. Times are the database's own: machines' clocks differ.
CREATE TABLE lease (
  name   text PRIMARY KEY,
  holder text NOT NULL,
  -- Grows with each new holder: who wakes late shows an old one and writes nothing.
  epoch  bigint NOT NULL,
  until  timestamptz NOT NULL
);
