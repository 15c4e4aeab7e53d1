import { chmod, lstat, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { prepareBinaries } from './binaries.ts'
import { canReach, parsePasswd } from './server-user.ts'
import { assertTrusted, ensureTrusted } from './trusted-folder.ts'

async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'yuzuru-binaries-test-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

describe('prepareBinaries', () => {
  it('makes one complete copy, mends it, and does not run one that others could have changed', async () => {
    const base = await temporaryFolder()
    const [first, ...others] = await Promise.all([prepareBinaries(base), prepareBinaries(base)])
    if (first === undefined) throw new Error('no copy')
    expect(others).toEqual([first])
    expect(await readdir(base)).toHaveLength(1)
    const library = join(first, 'lib', 'libpq.so.5')
    if (process.platform === 'linux') expect((await lstat(library)).isSymbolicLink()).toBe(true)
    const sample = join(first, 'share', 'postgresql', 'postgresql.conf.sample')
    await rm(sample)
    expect(await prepareBinaries(base)).toBe(first)
    expect((await lstat(sample)).mode & 0o777).toBe(0o644)
    expect(await readdir(base)).toHaveLength(1)
    await chmod(first, 0o777)
    await expect(prepareBinaries(base)).rejects.toThrow('Refusing to use')
  })
})

describe('a trusted folder', () => {
  it('is a real one, and nobody else can write to it', async () => {
    const base = await temporaryFolder()
    const folder = join(base, 'folder')
    await ensureTrusted(folder)
    await ensureTrusted(folder)
    expect((await lstat(folder)).mode & 0o777).toBe(0o711)
    await symlink(folder, join(base, 'link'))
    await expect(assertTrusted(join(base, 'link'))).rejects.toThrow('Refusing to use')
    await chmod(folder, 0o731)
    await expect(ensureTrusted(folder)).rejects.toThrow('Refusing to use')
  })
})

describe("the server's user", () => {
  it('is found in the list of users', () => {
    const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:*:-2:-2:x:/var/empty:/usr/bin/false\n'
    expect(parsePasswd(passwd, 'nobody')).toEqual({ uid: 4_294_967_294, gid: 4_294_967_294 })
    expect(parsePasswd(passwd, 'postgres')).toBe(undefined)
  })

  it('can reach a folder only through folders that let it pass', async () => {
    const stranger = { uid: 54_321, gid: 54_321 }
    const base = await temporaryFolder()
    const inner = join(base, 'inner')
    await mkdir(inner)
    await chmod(inner, 0o711)
    await chmod(base, 0o700)
    expect(await canReach(stranger, inner)).toBe(false)
    await chmod(base, 0o711)
    expect(await canReach(stranger, inner)).toBe(true)
    const { uid, gid } = await lstat(base)
    await chmod(inner, 0o011)
    expect(await canReach({ uid, gid }, inner)).toBe(false)
  })
})
