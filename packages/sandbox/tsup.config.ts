import { build } from '@yuzuru/tooling/tsup'

// The keeper is a program of its own: a process that watches over PostgreSQL.
export default build(['src/index.ts', 'src/cli.ts', 'src/keeper.ts'])
