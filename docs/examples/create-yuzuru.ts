/** A new service, made by a program: what `npm create yuzuru` does. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createService } from 'create-yuzuru'

const folder = await mkdtemp(join(tmpdir(), 'example-'))
try {
  const service = join(folder, 'my-service')
  const files = await createService(service, { name: 'my-service', packages: ['jobs', 'mail'] })
  console.log(files.includes('src/main.ts'), files.includes('src/documents.ts'))
  const manifest = JSON.parse(await readFile(join(service, 'package.json'), 'utf8')) as {
    readonly scripts: object
  }
  console.log(Object.keys(manifest.scripts))
} finally {
  await rm(folder, { recursive: true, force: true })
}

// Prints:
//   true false
//   [ 'dev', 'test', 'start', 'typecheck' ]
