import { build } from '@yuzuru/tooling/tsup'

export default build([
  'src/index.ts',
  'src/bounces.ts',
  'src/inline-css.ts',
  'src/invites.ts',
  'src/previews.ts',
  'src/testing.ts',
])
