/** For programs that are killed: what Node has compiled is kept for the next one, see `start-program.ts`. */
import { flushCompileCache } from 'node:module'

flushCompileCache()
