import { startPostgres } from '@yuzuru/sandbox'
import { type GlobalSetup, sharedPostgres } from '@yuzuru/tooling/shared-postgres'

const setup: GlobalSetup = sharedPostgres(() => startPostgres())
export default setup
