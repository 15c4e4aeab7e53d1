import { describe, test } from 'vitest'
import { makers } from '../test/makers.ts'
import { exerciseServer } from './testing/exercise-server.ts'

describe.each(Object.entries(makers))('%s:', (_name, make) => {
  for (const { name, run } of exerciseServer(make)) test(name, run)
})
