import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  DeleteObjectTaggingCommand,
  GetBucketAclCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsCommand,
  type ListObjectsCommandInput,
  type ListObjectsCommandOutput,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from './test-server.ts'

const execute = promisify(execFile)
const Bucket = 'plans'

let server: TestServer
let folder: string
beforeAll(async () => {
  server = await startTestServer()
  folder = await mkdtemp(join(tmpdir(), 'yuzuru-s3-'))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('ListObjects, the older list', () => {
  const keys = ['old/a b', 'old/z', 'old/zz/1', 'old/書/1', 'old/書/2', 'old/書/3']
  beforeAll(async () => {
    for (const Key of keys)
      await server.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
  })

  test.each([1, 2, 5, 1_000])('gives each key once, in order, in pages of %i', async (MaxKeys) => {
    const found: (string | undefined)[] = []
    for (let Marker: string | undefined = ''; Marker !== undefined;) {
      const input: ListObjectsCommandInput = { Bucket, Prefix: 'old/', MaxKeys, Marker }
      const page: ListObjectsCommandOutput = await server.client.send(new ListObjectsCommand(input))
      found.push(...(page.Contents ?? []).map(({ Key }) => Key))
      // Without a delimiter the last key is the marker.
      expect(page.NextMarker).toBe(undefined)
      Marker = page.IsTruncated === true ? found.at(-1) : undefined
    }
    expect(found).toEqual(keys)
  })

  test.each([1, 2, 1_000])('groups what shares a prefix, in pages of %i', async (MaxKeys) => {
    const found: (string | undefined)[] = []
    for (let Marker: string | undefined = ''; Marker !== undefined;) {
      const input: ListObjectsCommandInput = {
        Bucket,
        Prefix: 'old/',
        Delimiter: '/',
        MaxKeys,
        Marker,
      }
      const page: ListObjectsCommandOutput = await server.client.send(new ListObjectsCommand(input))
      found.push(...(page.Contents ?? []).map(({ Key }) => Key))
      found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix))
      Marker = page.IsTruncated === true ? page.NextMarker : undefined
    }
    expect(found).toHaveLength(4)
    expect(new Set(found)).toEqual(new Set(['old/a b', 'old/z', 'old/zz/', 'old/書/']))
  })
})

describe('an ACL', () => {
  const Key = 'acl'
  beforeAll(() => server.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })))

  test('that lets nobody else in is taken, as it is what there is', async () => {
    for (const ACL of ['private', 'bucket-owner-full-control'] as const) {
      await server.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ACL }))
      await server.client.send(new PutObjectAclCommand({ Bucket, Key, ACL }))
    }
    const answers = [
      await server.client.send(new GetObjectAclCommand({ Bucket, Key })),
      await server.client.send(new GetBucketAclCommand({ Bucket })),
    ]
    for (const { Owner, Grants = [] } of answers) {
      expect(Grants.map(({ Permission }) => Permission)).toEqual(['FULL_CONTROL'])
      expect(Grants[0]?.Grantee?.ID).toBe(Owner?.ID)
    }
  })

  test('that lets others in is refused, and nothing is stored', async () => {
    const name = 'AccessControlListNotSupported'
    for (const ACL of ['public-read', 'authenticated-read'] as const) {
      const open = { Bucket, Key: 'open', Body: 'x', ACL }
      await expect(server.client.send(new PutObjectCommand(open))).rejects.toMatchObject({ name })
      const change = new PutObjectAclCommand({ Bucket, Key, ACL })
      await expect(server.client.send(change)).rejects.toMatchObject({ name })
    }
    expect(await server.s3.keys(Bucket)).not.toContain('open')
    const all = { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' } as const
    const { Owner, Grants = [] } = await server.client.send(
      new GetObjectAclCommand({ Bucket, Key }),
    )
    const given = (grants: typeof Grants): PutObjectAclCommand =>
      new PutObjectAclCommand({ Bucket, Key, AccessControlPolicy: { Owner, Grants: grants } })
    await server.client.send(given(Grants))
    const open = given([...Grants, { Grantee: all, Permission: 'READ' }])
    await expect(server.client.send(open)).rejects.toMatchObject({ name })
    const gone = new PutObjectAclCommand({ Bucket, Key: 'none', ACL: 'private' })
    await expect(server.client.send(gone)).rejects.toMatchObject({ name: 'NoSuchKey' })
  })
})

describe('tags', () => {
  const Key = 'tags'
  const tagsOf = async (): Promise<unknown> =>
    (await server.client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet

  test('are written and removed after the upload, and the bytes stay', async () => {
    await server.client.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes', Tagging: 'a=1' }))
    const TagSet = [
      { Key: 'office', Value: '東京' },
      { Key: 'empty', Value: '' },
    ]
    await server.client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }))
    expect(await tagsOf()).toEqual(TagSet)
    await server.client.send(new DeleteObjectTaggingCommand({ Bucket, Key }))
    expect(await tagsOf()).toEqual([])
    const { Body } = await server.client.send(new GetObjectCommand({ Bucket, Key }))
    expect(await Body?.transformToString()).toBe('bytes')
  })

  test('that are malformed, or of no object, are refused', async () => {
    await server.client.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes', Tagging: 'a=1' }))
    const many = Array.from({ length: 11 }, (_, at) => ({ Key: `${at}`, Value: '' }))
    const wrong = [
      [Key, many, 'BadRequest'],
      [Key, [{ Key: 'a?', Value: '' }], 'InvalidTag'],
      ['none', [], 'NoSuchKey'],
    ] as const
    for (const [key, tags, name] of wrong) {
      const Tagging = { TagSet: [...tags] }
      const command = new PutObjectTaggingCommand({ Bucket, Key: key, Tagging })
      await expect(server.client.send(command)).rejects.toMatchObject({ name })
    }
    expect(await tagsOf()).toEqual([{ Key: 'a', Value: '1' }])
  })

  test('that are written while the object is replaced leave its bytes alone', async () => {
    const writes = Array.from({ length: 20 }, async (_, at) => {
      const put = new PutObjectCommand({ Bucket, Key, Body: `body ${at}` })
      const TagSet = [{ Key: 'at', Value: `${at}` }]
      const tag = new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } })
      await Promise.all([server.client.send(put), server.client.send(tag)])
    })
    await Promise.all(writes)
    const { Body } = await server.client.send(new GetObjectCommand({ Bucket, Key }))
    expect(await Body?.transformToString()).toMatch(/^body \d+$/)
  })
})

/** Whether a program is there to be tried. */
function has(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

describe.runIf(has('s3cmd'))('s3cmd (skipped where it is not installed)', () => {
  const run = async (...args: string[]): Promise<string> => {
    const { s3 } = server
    const at = `${s3.host}:${s3.port}`
    const { stdout } = await execute('s3cmd', [
      '--config=/dev/null',
      `--access_key=${s3.accessKeyId}`,
      `--secret_key=${s3.secretAccessKey}`,
      `--host=${at}`,
      `--host-bucket=${at}`,
      '--no-ssl',
      '--no-progress',
      `--region=${s3.region}`,
      ...args,
    ])
    return stdout
  }

  test('makes a bucket, and puts, lists, reads, copies and removes what is in it', async () => {
    const path = join(folder, 'plan.txt')
    const large = join(folder, 'large.bin')
    await writeFile(path, 'a plan')
    await writeFile(large, Buffer.alloc(11 * 1_024 ** 2, 7))
    await run('mb', 's3://tool-s3cmd')
    await run('put', path, 's3://tool-s3cmd/plans/計画 1.txt')
    await run('put', '--multipart-chunk-size-mb=5', large, 's3://tool-s3cmd/large.bin')
    expect(await run('ls', 's3://tool-s3cmd')).toMatch(
      /DIR .*plans\/[^]* s3:\/\/tool-s3cmd\/large\.bin/,
    )
    expect(await run('ls', '--recursive', 's3://tool-s3cmd')).toContain('plans/計画 1.txt')
    expect(await run('info', 's3://tool-s3cmd/large.bin')).toContain('FULL_CONTROL')
    await run('setacl', '--acl-private', 's3://tool-s3cmd/large.bin')
    await run('cp', 's3://tool-s3cmd/plans/計画 1.txt', 's3://tool-s3cmd/copy.txt')
    const back = join(folder, 'back.txt')
    await run('get', '--force', 's3://tool-s3cmd/copy.txt', back)
    expect(await readFile(back, 'utf8')).toBe('a plan')
    await run('del', '--recursive', '--force', 's3://tool-s3cmd')
    expect(await server.s3.keys('tool-s3cmd')).toEqual([])
    await run('rb', 's3://tool-s3cmd')
  })
})

describe.runIf(has('rclone'))('rclone (skipped where it is not installed)', () => {
  const run = async (...args: string[]): Promise<string> => {
    const { s3 } = server
    const env = {
      // Nothing of what is set for other stores.
      PATH: process.env['PATH'],
      HOME: folder,
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_S_TYPE: 's3',
      RCLONE_CONFIG_S_PROVIDER: 'Other',
      RCLONE_CONFIG_S_ACCESS_KEY_ID: s3.accessKeyId,
      RCLONE_CONFIG_S_SECRET_ACCESS_KEY: s3.secretAccessKey,
      RCLONE_CONFIG_S_ENDPOINT: s3.endpoint,
      RCLONE_CONFIG_S_REGION: s3.region,
      RCLONE_CONFIG_S_ACL: 'private',
      RCLONE_S3_CHUNK_SIZE: '5Mi',
      RCLONE_S3_UPLOAD_CUTOFF: '5Mi',
    }
    const { stdout } = await execute('rclone', ['--retries=1', '--low-level-retries=1', ...args], {
      env,
    })
    return stdout
  }

  test('copies a folder there and back, and finds both the same', async () => {
    const from = join(folder, 'from')
    const files = {
      '計画 1.txt': 'a plan',
      'sub/2.txt': 'another',
      'large.bin': '7'.repeat(11 * 1_024 ** 2),
    }
    for (const [name, text] of Object.entries(files)) {
      await execute('mkdir', ['-p', join(from, name, '..')])
      await writeFile(join(from, name), text)
    }
    await run('mkdir', 's:tool-rclone')
    await run('copy', from, 's:tool-rclone/all')
    expect(
      (await run('lsf', '-R', '--files-only', 's:tool-rclone/all')).trim().split('\n').sort(),
    ).toEqual(Object.keys(files).sort())
    await run('check', from, 's:tool-rclone/all')
    await run('copy', 's:tool-rclone/all', join(folder, 'to'))
    expect(await readFile(join(folder, 'to', '計画 1.txt'), 'utf8')).toBe('a plan')
    await run('moveto', 's:tool-rclone/all/sub/2.txt', 's:tool-rclone/all/sub/3.txt')
    await run('purge', 's:tool-rclone')
    expect(await server.s3.keys('tool-rclone').catch(() => [])).toEqual([])
  })
})
