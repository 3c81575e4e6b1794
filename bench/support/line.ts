/** One line of a benchmark: `ratio` is value / rivalValue, both measured in the same run. */
export interface Line {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly rival?: string;
  readonly rivalValue?: number;
  readonly ratio?: number;
}

export type Print = (line: Line) => void;
