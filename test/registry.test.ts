import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeviceList, UnitList } from "@wufen/contract";
import { createTestDatabase, type TestDatabase } from "@wufen/database";
import mqtt from "mqtt";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signIn, startChromium, Watch } from "./support/chromium.ts";
import { root, runNode } from "./support/process.ts";
import { PASSWORD, System } from "./support/system.ts";

const DISPATCHER = { name: "desk-1", password: "another long password of the tests" };

let folder: string;
let database: TestDatabase;
let system: System;
let browser: Browser;
let context: BrowserContext;
let watch: Watch;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wr-"));
  database = await createTestDatabase();
  system = await System.start(folder, database.url, { WUFEN_CLIENT_DIR: join(root, "map-client/dist") });
  await runNode(
    "dispatch-api/dist/main.js",
    ["ensure-person", "--name", DISPATCHER.name, "--role", "dispatcher"],
    { DATABASE_URL: database.url },
    DISPATCHER.password,
  );
  browser = await startChromium();
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "zh-CN" });
  context.setDefaultTimeout(15_000);
  watch = new Watch(context, system.base);
  page = await context.newPage();
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Whether the broker takes the secret. */
async function connects(deviceId: string, password: string): Promise<boolean> {
  try {
    const device = await mqtt.connectAsync(system.mqttUrl, {
      clientId: deviceId,
      username: deviceId,
      password,
      protocolVersion: 4,
      reconnectPeriod: 0,
    });
    await device.endAsync();
    return true;
  } catch {
    return false;
  }
}

describe("the registry's page in a real browser", () => {
  let deviceId: string;
  let firstSecret: string;
  const shownSecret = async () => (await page.locator("dialog code").first().textContent()) ?? "";

  it("a wrong password is answered in Chinese, and the form can be used again", async () => {
    await page.goto(system.base);
    await page.locator("input[name=name]").fill("root");
    await page.locator("input[name=password]").fill("not the password");
    await page.locator("button[type=submit]").click();
    const failed = page.getByText("姓名或口令不正确。");
    await failed.waitFor();
    // The browser writes the refused request itself on its console.
    watch.errors.length = 0;
    await signIn(page, system.base, "root", PASSWORD);
  });

  it("an administrator registers a device and sees its secret, the QR code and the line by hand, once", async () => {
    await page
      .getByRole("button", { name: "登记" })
      .or(page.getByRole("link", { name: "登记" }))
      .first()
      .click();
    await page.getByRole("button", { name: "新增设备" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("名称").fill("巡逻手机 7");
    await form.getByRole("button", { name: "新增" }).click();
    await page.getByText("密钥仅显示这一次。").waitFor();
    const qr = page.getByRole("dialog").locator("img");
    await qr.waitFor();
    expect(await qr.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0)).toBe(true);
    firstSecret = await shownSecret();
    const line = await page.getByRole("dialog").locator("code").nth(1).textContent();
    const { devices } = await system.api.get<DeviceList>("/api/devices");
    deviceId = devices[0]?.id ?? "";
    expect(devices).toHaveLength(1);
    expect(line).toContain("mosquitto_pub");
    expect(line).toContain(deviceId);
    expect(line).toContain(firstSecret);
    expect(await connects(deviceId, firstSecret)).toBe(true);
    await page.getByRole("dialog").getByRole("button", { name: "关闭" }).last().click();
    await page.getByText("巡逻手机 7").waitFor();
  });

  it("binds it to a new unit, sets the unit's status, and unbinds it again", async () => {
    await page.getByRole("tab", { name: "单元" }).click();
    await page.getByRole("button", { name: "新增单元" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("呼号").fill("P-700");
    await form.getByLabel("类型").selectOption("foot");
    await form.getByLabel("设备").selectOption(deviceId);
    await form.getByRole("button", { name: "新增" }).click();
    const row = page.getByRole("row").filter({ hasText: "P-700" });
    await row.filter({ hasText: deviceId }).waitFor();
    const first = (await system.api.get<UnitList>("/api/units")).units[0];
    expect(first).toMatchObject({ callsign: "P-700", kind: "foot", status: "available", deviceId });

    await row.getByRole("button", { name: "编辑" }).click();
    await form.getByLabel("状态").selectOption("busy");
    await form.getByLabel("设备").selectOption("");
    await form.getByRole("button", { name: "保存" }).click();
    await row.filter({ hasText: "忙碌" }).waitFor();
    const second = (await system.api.get<UnitList>("/api/units")).units[0];
    expect(second).toMatchObject({ status: "busy", deviceId: null });

    await row.getByRole("button", { name: "编辑" }).click();
    await form.getByLabel("设备").selectOption(deviceId);
    await form.getByRole("button", { name: "保存" }).click();
    await row.filter({ hasText: deviceId }).waitFor();
  });

  it("a callsign that is taken is refused in the form, which stays open", async () => {
    await page.getByRole("button", { name: "新增单元" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("呼号").fill("P-700");
    const refused = page.waitForResponse((response) => response.status() === 409);
    await form.getByRole("button", { name: "新增" }).click();
    await refused;
    await form.getByRole("alert").filter({ hasText: "P-700" }).waitFor();
    watch.errors.length = 0;
    await page.keyboard.press("Escape");
  });

  it("edits a device and rotates its credential: the old secret ends, the new one connects", async () => {
    await page.getByRole("tab", { name: "设备" }).click();
    const row = page.getByRole("row").filter({ hasText: deviceId });
    await row.getByRole("button", { name: "编辑" }).click();
    const form = page.getByRole("dialog");
    await form.getByLabel("名称").fill("备用手机");
    await form.getByRole("button", { name: "保存" }).click();
    await row.filter({ hasText: "备用手机" }).waitFor();

    page.once("dialog", (question) => void question.accept());
    await row.getByRole("button", { name: "更换凭证" }).click();
    await page.getByText("密钥仅显示这一次。").waitFor();
    const secret = await shownSecret();
    expect(secret).not.toBe(firstSecret);
    await expect.poll(() => connects(deviceId, secret), { timeout: 10_000 }).toBe(true);
    expect(await connects(deviceId, firstSecret)).toBe(false);
    await page.keyboard.press("Escape");
    await row.getByRole("button", { name: "拒绝记录" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
  });

  it("a dispatcher does not see the page, and its address tells why", async () => {
    await page.getByRole("button", { name: "退出登录" }).click();
    await signIn(page, system.base, DISPATCHER.name, DISPATCHER.password);
    expect(await page.getByText("登记", { exact: true }).count()).toBe(0);
    await page.goto(`${system.base}/#page=registry`);
    await page.reload();
    await page.getByText("登记页面仅对管理员开放。").waitFor();
    expect(await page.getByRole("tab").count()).toBe(0);
  });

  it("asked no other host and made no error", () => {
    expect(watch.foreign).toEqual([]);
    // No map was imported: the browser writes that answer on its console.
    expect(watch.errors.filter((text) => !text.includes("404"))).toEqual([]);
  });
});
