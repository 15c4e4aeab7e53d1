/** A kind of job as `step.run` takes it: every `Job` is one. */
export interface Runnable<Input, Result> {
  readonly name: string
  key(payload: Input): string | undefined
  run(payload: never, context: never): Promise<Result>
}
