import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'

/** Arguments for a Lambda: there a single process is enough, and every page may read every origin. */
const UNWANTED: ReadonlySet<string> = new Set(['--single-process', '--disable-web-security'])

/** A browser that dies while it starts (seen: SIGSEGV on a busy machine) says nothing about us. */
const LAUNCHES = 3

/** Starts a real Chromium that keeps to the rules between origins. */
export async function launchChromium(): Promise<Browser> {
  const args = chromium.args.filter((arg) => !UNWANTED.has(arg))
  const executablePath = await unpacked()
  for (let launch = 1; ; launch++) {
    try {
      return await playwright.launch({ args, executablePath, headless: true })
    } catch (error) {
      if (launch === LAUNCHES) throw error
      console.warn(`Chromium did not start (launch ${launch} of ${LAUNCHES}): ${String(error)}`)
    }
  }
}

/**
 * The program, unpacked once for each version. The package itself unpacks to a place where another
 * process may meet half of it; so it is done elsewhere, and moved in whole.
 */
async function unpacked(): Promise<string> {
  const version = createHash('sha256').update(import.meta.resolve('@sparticuz/chromium'))
  const home = join(tmpdir(), `yuzuru-chromium-${version.digest('hex').slice(0, 16)}`)
  if (existsSync(home)) return join(home, 'chromium')
  const room = await mkdtemp(`${home}-`)
  const { TMPDIR } = process.env
  try {
    process.env['TMPDIR'] = room
    await chromium.executablePath()
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
  }
  // Another process may have been first.
  await rename(room, home).catch(() => rm(room, { recursive: true, force: true }))
  return join(home, 'chromium')
}
