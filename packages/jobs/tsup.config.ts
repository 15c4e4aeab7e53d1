import { build } from '@yuzuru/tooling/tsup'

export default build([
  'src/cli.ts',
  'src/dashboard.ts',
  'src/index.ts',
  'src/testing.ts',
  // What the threads and processes of handlers load: started by its address, exported to nobody.
  'src/isolated-worker.ts',
])
