#!/usr/bin/env node
// Nothing is imported before: what an old Node lacks would be the message.
const [major = '0'] = process.versions.node.split('.')
if (Number(major) < 24) {
  console.error(`Expected Node 24 or later for yuzuru, got ${process.version}`)
  process.exitCode = 1
} else {
  // Who reads may leave, as `head` does: that ends no worker, with the jobs that it runs.
  let hasReader = true
  const { stdout, stderr, env } = process
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (stream === stdout) hasReader = false
      if (error.code !== 'EPIPE') process.exitCode = 1
    })
  }
  const { runCommand } = await import('./cli/run-command.ts')
  const code = await runCommand(process.argv.slice(2), {
    stdout,
    stderr,
    env,
    hasReader: () => hasReader,
  })
  // After a signal it has been set already.
  if (code !== 0) process.exitCode = code
}
