import { describe, test } from 'vitest'
import { makers } from '../test/makers.ts'
import { exerciseServer, type MakeServer } from './testing/exercise-server.ts'

const adaptive: MakeServer = async (handle, options) => {
  const make = makers['serve, a function']
  if (make === undefined) throw new Error('There is no server of a function')
  return await make(handle, { limit: 'adaptive', ...options })
}

describe.each(Object.entries({ ...makers, 'serve, with an adaptive limit': adaptive }))(
  '%s:',
  (_name, make) => {
    for (const { name, run } of exerciseServer(make)) test(name, run)
  },
)
