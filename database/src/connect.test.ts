import { expect, test } from "vitest";
import { hidePassword, readDatabaseUrl } from "./connect.ts";

test("the host may be a socket's folder or in the address", () => {
  expect(readDatabaseUrl("postgres://u:p%40@/db?host=/run/x&application_name=y")).toEqual({
    address: "postgres://u:p%40@localhost/db?application_name=y",
    socketDir: "/run/x",
  });
  expect(readDatabaseUrl("postgres://u:p@/db?host=%2Frun%2Fa%20b").socketDir).toBe("/run/a b");
  expect(readDatabaseUrl("postgresql://u@db.example:6432/db?sslmode=require")).toEqual({
    address: "postgresql://u@db.example:6432/db?sslmode=require",
  });
  expect(readDatabaseUrl("postgres:///db?host=db.example").address).toBe("postgres://db.example/db");
});

test("what is no address is refused, and its password never shown", () => {
  for (const url of ["mysql://u:secret@h/d", "u:secret", "postgres://u:secret@h:port/d"]) {
    expect(() => readDatabaseUrl(url)).toThrow(/DATABASE_URL/);
  }
  expect(() => readDatabaseUrl("mysql://u:secret@h/d")).not.toThrow(/secret/);
  expect(hidePassword("postgres://u:secret@h/d")).toBe("postgres://u:***@h/d");
});
