/** The operator console: one script for its pages; each part starts where its page has the elements that it needs. */
import { startChannels } from "./console-channels.js";
import { startFactor } from "./console-factor.js";
import { startForms } from "./console-forms.js";
import { startInbox } from "./console-inbox.js";
import { startLeave } from "./console-leave.js";
import { startLock } from "./console-lock.js";
import { startReport } from "./console-report.js";
import { startSeveral } from "./console-several.js";
import { startSignIn } from "./console-sign-in.js";

if (document.getElementById("sign-in") !== null) startSignIn();
if (document.getElementById("console") !== null) {
  startForms();
  startLock();
  if (document.getElementById("report") !== null) startReport();
  if (document.getElementById("inbox") !== null) startInbox();
  if (document.getElementById("several") !== null) startSeveral();
  if (document.getElementById("channels") !== null) startChannels();
  if (document.querySelector("form.proved") !== null) startFactor();
  if (document.getElementById("leave") !== null) startLeave();
}
