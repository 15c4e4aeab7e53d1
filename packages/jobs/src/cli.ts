#!/usr/bin/env node
// Nothing is imported before: what an old Node lacks would be the message.
const [major = '0'] = process.versions.node.split('.')
if (Number(major) < 24) {
  console.error(`Expected Node 24 or later for yuzuru, got ${process.version}`)
  process.exitCode = 1
} else {
  const { runCommand } = await import('./cli/run-command.ts')
  const code = await runCommand(process.argv.slice(2), process)
  // After a signal it has been set already.
  if (code !== 0) process.exitCode = code
}
