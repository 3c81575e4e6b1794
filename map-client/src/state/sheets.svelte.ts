/** Which sheet lies over the desk. */
class Sheets {
  open = $state<"palette" | "help" | undefined>(undefined);
}

export const sheets = new Sheets();
