import { describe, test } from 'vitest'
import { exerciseHttp } from './exercise-http.ts'
import { createFakeHttp } from './fake-http.ts'
import { createHttp } from '../http.ts'
import { startScriptedServer } from './scripted-server.ts'

describe('a client on a real socket', () => {
  const cases = exerciseHttp(async (options) => {
    const server = await startScriptedServer()
    const http = createHttp({ origin: server.url, ...options })
    return {
      http,
      script: server,
      async [Symbol.asyncDispose]() {
        await http.close({ drainMs: 0 })
        await server.close()
      },
    }
  })
  for (const { name, run } of cases) test(name, run)
})

describe('the fake', () => {
  const cases = exerciseHttp((options) => createFakeHttp(options))
  for (const { name, run } of cases) test(name, run)
})
