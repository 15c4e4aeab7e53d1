import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url))

function start(...options: string[]): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, [CLI, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

describe('yuzuru-sandbox', () => {
  it('prints where everything is, and stops on Ctrl-C', async () => {
    const child = start('--services', 'smtp,s3', '--json')
    const [line] = await once(createInterface(child.stdout), 'line')
    const { smtp, s3, ...others } = JSON.parse(String(line))
    expect(others).toEqual({})
    expect(s3).toMatchObject({ endpoint: /^http:\/\/127\.0\.0\.1:\d+$/.exec(s3.endpoint)?.[0] })
    const port = Number(new URL(smtp.url).port)
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it('says what it expected of a wrong option', async () => {
    const child = start('--services', 'mysql')
    const [said, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    expect(said).toBe('Expected services among postgres, s3, smtp, stripe, google, got mysql\n')
    expect(code).toBe(1)
  })
})
