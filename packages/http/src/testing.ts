export { ScriptedServer, startScriptedServer } from './scripted-server.ts'
export {
  Script,
  type ScriptedAnswer,
  type ScriptedReply,
  type ScriptedRequest,
} from './scripted-peer.ts'
