import { build } from '@yuzuru/tooling/tsup'

export default build([
  'src/fastify.ts',
  'src/hono.ts',
  'src/index.ts',
  'src/kysely.ts',
  'src/node.ts',
  'src/testing.ts',
])
