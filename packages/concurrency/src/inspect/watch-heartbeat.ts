/**
 * What runs in the watching thread. It is handed over as text, so that it needs no file of its own
 * when the package is bundled: it may use nothing from outside its own body.
 */
export function watchHeartbeat(): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const { Session } = process.getBuiltinModule('node:inspector')
  const { writeSync } = process.getBuiltinModule('node:fs')
  const tell = (type: string, durationMs: number): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
    parentPort?.postMessage({ type, durationMs, stack })
  }
  const { heartbeat, thresholdMs, lookMs, log } = workerData as {
    heartbeat: Int32Array
    thresholdMs: number
    lookMs: number
    log: boolean
  }
  interface Frame {
    functionName: string
    url: string
    location: { lineNumber: number; columnNumber: number }
  }
  const session = new Session()
  session.connectToMainThread()
  let stack: string[] = []

  session.on('Debugger.paused', ({ params }) => {
    stack = (params.callFrames as Frame[]).map(({ functionName, url, location }) => {
      const place = `${url}:${location.lineNumber + 1}:${location.columnNumber + 1}`
      return `at ${functionName || '<anonymous>'} (${place})`
    })
    session.post('Debugger.resume')
    session.post('Debugger.disable')
    if (log) writeSync(2, stack.map((line) => `    ${line}\n`).join(''))
  })

  let seen = Atomics.load(heartbeat, 0)
  let since = performance.now()
  let reported = false
  const look = (): void => {
    const now = performance.now()
    const current = Atomics.load(heartbeat, 0)
    if (current !== seen) {
      if (reported) tell('blocked', now - since)
      seen = current
      since = now
      reported = false
      stack = []
    } else if (!reported && now - since >= thresholdMs) {
      reported = true
      if (log) {
        writeSync(2, `the event loop has been blocked for ${Math.round(now - since)} ms\n`)
      }
      session.post('Debugger.enable')
      session.post('Debugger.pause')
    }
  }
  setInterval(look, lookMs)
  tell('ready', 0)
}
