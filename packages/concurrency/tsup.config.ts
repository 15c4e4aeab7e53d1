import { build } from '@yuzuru/tooling/tsup'

export default build([
  'src/index.ts',
  'src/boundary.ts',
  'src/inspect.ts',
  'src/job.ts',
  'src/lint.ts',
  'src/otel.ts',
  'src/processes.ts',
  'src/resilience.ts',
  'src/sync.ts',
  'src/tasks.ts',
  'src/testing.ts',
  'src/threads.ts',
  // What the workers of the executors run: started by its address, exported to nobody.
  'src/process-worker.ts',
  'src/thread-worker.ts',
])
