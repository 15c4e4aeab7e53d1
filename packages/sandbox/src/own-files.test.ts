import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { startPostgres } from './postgres/start-postgres.ts'
import { startS3 } from './s3/server.ts'
import { startSandbox } from './sandbox.ts'
import { startSmtp } from './smtp/start-smtp.ts'
import { startStripe } from './stripe/server.ts'

interface Planted {
  readonly dir: string
  /** Somebody's folder, with a file in it. */
  readonly outside: string
}

async function plantedFolders(): Promise<Planted> {
  const base = await mkdtemp(join(tmpdir(), 'yuzuru-planted-test-'))
  onTestFinished(() => rm(base, { recursive: true, force: true }))
  // Else root's server would keep its data elsewhere, and meet none of what is planted.
  await chmod(base, 0o755)
  const [dir, outside] = [join(base, 'dir'), join(base, 'outside')]
  await mkdir(dir, { mode: 0o755 })
  await mkdir(outside)
  await writeFile(join(outside, 'letter'), 'dear')
  return { dir, outside }
}

/** Everything below a folder, and what is in the files. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    contents[path] = entry.isFile()
      ? await readFile(path, 'utf8')
      : entry.isDirectory()
        ? '/'
        : '->'
  }
  return contents
}

type Plant = (planted: Planted) => Promise<unknown>

/** What a data folder from elsewhere may hold to lead out of itself. */
const POSTGRES: Readonly<Record<string, Plant>> = {
  'a note that names a folder': ({ dir, outside }) =>
    writeFile(join(dir, 'socket-folder.txt'), outside),
  'a note that names a folder by a way around': ({ dir, outside }) =>
    writeFile(join(dir, 'socket-folder.txt'), `${tmpdir()}/yuzuru-pg-aaaaaa/../../${outside}`),
  'a note that is a link': ({ dir, outside }) =>
    symlink(join(outside, 'letter'), join(dir, 'socket-folder.txt')),
  'a password that is a link': ({ dir, outside }) =>
    symlink(join(outside, 'letter'), join(dir, 'password')),
  'a log that is a link': ({ dir, outside }) =>
    symlink(join(outside, 'letter'), join(dir, 'postgres.log')),
  'an owner that is a link': ({ dir, outside }) =>
    symlink(join(outside, 'letter'), join(dir, 'owner.json')),
  'data that is a link': ({ dir, outside }) => symlink(outside, join(dir, 'data')),
  'data of before that is a link': ({ dir, outside }) => symlink(outside, join(dir, 'data.new')),
}

describe('startPostgres over a folder from elsewhere', () => {
  it.each(Object.entries(POSTGRES))('touches nothing outside of it: %s', async (_, plant) => {
    const planted = await plantedFolders()
    await plant(planted)
    const before = await contentsOf(planted.outside)
    await startPostgres({ dir: planted.dir }).then(
      (server) => server.close(),
      (error: unknown) => expect(String(error)).toContain('Refusing to use'),
    )
    expect(await contentsOf(planted.outside)).toEqual(before)
  })

  it('removes of a folder of our own kind only the sockets', async () => {
    const { dir } = await plantedFolders()
    const left = await mkdtemp(join(tmpdir(), 'yuzuru-pg-'))
    onTestFinished(() => rm(left, { recursive: true, force: true }))
    await writeFile(join(left, '.s.PGSQL.5432'), '')
    await writeFile(join(left, 'diary'), 'dear')
    await writeFile(join(dir, 'socket-folder.txt'), left)
    await using _ = await startPostgres({ dir })
    expect(await readdir(left)).toEqual(['diary'])
  })

  it('refuses tablespaces and a log that are elsewhere', async () => {
    const { dir, outside } = await plantedFolders()
    const first = await startPostgres({ dir })
    await first.close()
    await symlink(outside, join(first.dataDir, 'pg_tblspc', '16400'))
    await expect(startPostgres({ dir })).rejects.toThrow('Refusing to use')
    await rm(join(first.dataDir, 'pg_tblspc', '16400'))
    await using again = await startPostgres({ dir })
    const client = new Client(again.url)
    await client.connect()
    await client.end()
  })
})

describe('the other services over a folder from elsewhere', () => {
  it.each(['inbox.jsonl', 'inbox.jsonl.new'])('write through no link: %s', async (name) => {
    const { dir, outside } = await plantedFolders()
    await symlink(join(outside, 'letter'), join(dir, name))
    const smtp = await startSmtp({ dir })
    await smtp.inbox.clear()
    await smtp.close()
    expect(await readFile(join(outside, 'letter'), 'utf8')).toBe('dear')
  })

  it.each(['stripe.json.new', 'stripe.json'])('write through no link: %s', async (name) => {
    const { dir, outside } = await plantedFolders()
    const state = join(outside, 'state')
    await symlink(state, join(dir, name))
    await using stripe = await startStripe({ dir })
    await stripe.settle()
    await expect(lstat(state)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('go into no folder that is a link', async () => {
    const { dir, outside } = await plantedFolders()
    await symlink(outside, join(dir, 's3'))
    const start = startSandbox({ dir, services: ['s3'] })
    await expect(start).rejects.toThrow('Refusing to use')
    expect(await readdir(outside)).toEqual(['letter'])
  })
})

describe('an S3 server over a folder from elsewhere', () => {
  const BUCKET = 'plans'
  const plants: Readonly<Record<string, (home: string, outside: string) => Promise<unknown>>> = {
    'a bucket that is a link': async (home, outside) => {
      await rm(home, { recursive: true })
      await symlink(outside, home)
    },
    'data that are a link': (home, outside) => replacedByLink(join(home, 'data'), outside),
    'objects that are a link': (home, outside) => replacedByLink(join(home, 'objects'), outside),
    'uploads that are a link': (home, outside) => replacedByLink(join(home, 'uploads'), outside),
    'an upload that is a link': (home, outside) => symlink(outside, join(home, 'uploads', 'id')),
    'a sidecar that is a link': (home, outside) =>
      symlink(join(outside, 'letter'), join(home, 'objects', 'a.json')),
    'a sidecar whose data lie elsewhere': (home) =>
      writeFile(
        join(home, 'objects', 'a.json'),
        JSON.stringify({ key: 'a', segments: [{ file: '../../../../outside/letter', size: 4 }] }),
      ),
  }

  it.each(Object.keys(plants))('is refused, and nothing outside is touched: %s', async (name) => {
    const { dir, outside } = await plantedFolders()
    await (await startS3({ dir, buckets: [BUCKET] })).close()
    await plants[name]?.(join(dir, BUCKET), outside)
    await expect(startS3({ dir, buckets: [BUCKET] })).rejects.toThrow('Refusing to use')
    expect(await contentsOf(outside)).toEqual({ [join(outside, 'letter')]: 'dear' })
  })

  it('is refused where the folder itself is a link', async () => {
    const { dir, outside } = await plantedFolders()
    await rm(dir, { recursive: true })
    await symlink(outside, dir)
    await expect(startS3({ dir })).rejects.toThrow('Refusing to use')
  })

  it('gives out no file that a link leads to', async () => {
    const { dir, outside } = await plantedFolders()
    const options = { dir, buckets: [BUCKET], onError: () => undefined }
    await using s3 = await startS3(options)
    const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey }
    const { endpoint, region } = s3
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
    const object = { Bucket: BUCKET, Key: 'a' }
    await client.send(new PutObjectCommand({ ...object, Body: 'mine' }))
    const data = join(dir, BUCKET, 'data')
    const [file = ''] = await readdir(data)
    await rm(join(data, file))
    await symlink(join(outside, 'letter'), join(data, file))
    const got = client.send(new GetObjectCommand(object))
    await expect(got.then(({ Body }) => Body?.transformToString())).rejects.toThrow()
  })
})

async function replacedByLink(folder: string, outside: string): Promise<void> {
  await rm(folder, { recursive: true })
  await symlink(outside, folder)
}

describe('what a sandbox keeps', () => {
  it('is for its user alone', async () => {
    const { dir } = await plantedFolders()
    await using sandbox = await startSandbox({ dir, s3: { buckets: ['plans'] } })
    await sandbox.stripe.settle()
    await sandbox.google.issueTokens({ email: 'a@example.jp', scopes: [] })
    const open: string[] = []
    for (const name of ['s3', 'smtp', 'stripe', 'google']) {
      const { mode } = await lstat(join(dir, name))
      if ((mode & 0o077) !== 0) open.push(name)
    }
    expect(open).toEqual([])
    const { mode } = await lstat(sandbox.postgres.dataDir)
    expect(mode & 0o077).toBe(0)
    const password = await lstat(join(dirname(sandbox.postgres.dataDir), 'password'))
    expect(password.mode & 0o077).toBe(0)
  })
})
