#!/usr/bin/env python3
"""Seeds 20 faults into a copy of this tree, one at a time, and tells which of them the tests find.

    tests/faults.py COPY [NUMBER ...]     COPY: a clone that may be spoilt. Without numbers: all.

The faults are built in once. Each is switched on by LEDGER_FAULT=NUMBER while the tests that should find it run; before that, the same
tests must pass without it. The exit code is 1 if a fault is not found. Give it an older commit's clone to compare two suites: a fault whose
place is not there is left out, and said so.
"""
import os
import re
import subprocess
import sys

SWITCH = """namespace Ledger.Contracts;

public static class SeededFault
{
    private static readonly string s_which = Environment.GetEnvironmentVariable("LEDGER_FAULT") ?? "";

    public static bool Is(int number) => s_which == $"{number}";
}
"""

# Number, what goes wrong, file, text, text instead (F stands for the switch), project, tests that should find it.
FAULTS = [
    (1, "an inclusion proof may be too short", "src/Contracts/Transparency/InclusionProof.cs",
     "return sn == 0 && root", "return (sn == 0 || F) && root", "Ledger.Tests", "MerkleProofTests"),
    (2, "a consistency proof says nothing of the older root", "src/Contracts/Transparency/ConsistencyProof.cs",
     "return sn == 0 && olderRoot.AsSpan().SequenceEqual(fr)", "return sn == 0 && (F || olderRoot.AsSpan().SequenceEqual(fr))",
     "Ledger.Tests", "MerkleProofTests"),
    (3, "a job with failed conversations is completed", "src/Ledger/Jobs/JobDecisions.cs",
     "job.IsStarted && job.FailedCount == 0 ?", "job.IsStarted && (F || job.FailedCount == 0) ?", "Ledger.SystemTests", "RetryTests"),
    (4, "a batch is committed after its window closed", "src/Ledger/Engine/StreamTransaction.cs",
     "if (clock >= closing || _latest >= closing)", "if ((clock >= closing || _latest >= closing) && !F)",
     "Ledger.SystemTests", "WindowTests"),
    (5, "a rotation destroys no key", "src/Ledger/Keys/Rotation/KeyRotation.cs",
     "keys.DestroyBefore(target);", "if (!F) keys.DestroyBefore(target);", "Chaos", "RotationKilledTests"),
    (6, "a rotation writes no survivors", "src/Ledger/Keys/Rotation/KeyRotation.cs",
     "if (!File.Exists(Survivors.File(keys.Folder, target)))", "if (!File.Exists(Survivors.File(keys.Folder, target)) && !F)",
     "Chaos", "RotationKilledTests"),
    (7, "an idempotency key is not looked at", "src/Ledger/Jobs/JobSubmission.cs",
     "submission.IdempotencyKey is { } key\n", "submission.IdempotencyKey is { } key && !F\n", "Chaos", "SubmissionKilledTests"),
    (8, "an expired token is taken", "src/Ledger/Web/Tokens/TokenCheck.cs",
     "client.Client.RequireExpiry) is { } problem)", "client.Client.RequireExpiry) is { } problem && !F)",
     "Ledger.SystemTests", "AuthenticationRules"),
    (9, "a revoked client is let in", "src/Ledger/Web/Tokens/TokenCheck.cs",
     "if (client.Client.Revoked)", "if (client.Client.Revoked && !F)", "Ledger.SystemTests", "ErrorRules"),
    (10, "what is signed is not read again first", "src/Ledger/Log/LogWriter.cs",
     "await SelfCheck.RunAsync(", "if (!F) await SelfCheck.RunAsync(", "Ledger.SystemTests", "SigningTests"),
    (11, "a log is published without its witnesses", "src/Ledger/Log/LogWriter.cs",
     "cosigned.Note, cosigned.QuorumMet, cancel)", "cosigned.Note, cosigned.QuorumMet || F, cancel)",
     "Ledger.SystemTests", "CoverageTests"),
    (12, "mail goes unencrypted to a server elsewhere", "src/Ledger/Notifications/Mail/SmtpServer.cs",
     '"" => isLocal ?', '"" => isLocal || F ?', "Ledger.Tests", "SmtpServer"),
    (13, "a receiver's Retry-After is not kept", "src/Ledger/Notifications/Courier.cs",
     "failed.NotBefore > delay)", "failed.NotBefore > delay && !F)", "Ledger.SystemTests", "WebhookTests"),
    (14, "the audit is silent about documents", "src/Ledger/Audit/DocumentComparison.cs",
     "while (await reader.ReadAsync(cancel))\n        {\n            var name",
     "while (await reader.ReadAsync(cancel) && !F)\n        {\n            var name",
     "Ledger.SystemTests", "TamperingTests"),
    (15, "the audit is silent about manifests", "src/Ledger/Audit/DocumentComparison.cs",
     "if (!expected.AsSpan().SequenceEqual(found))", "if (!expected.AsSpan().SequenceEqual(found) && !F)",
     "Ledger.SystemTests", "TamperingTests"),
    (16, "another site's request reads with a session", "src/Ledger/Pages/Gate.cs",
     "return SameOrigin.MayRead(http.Request)\n", "return (SameOrigin.MayRead(http.Request) || F)\n", "Ledger.SystemTests", "SessionTests"),
    (17, "an import takes what was erased", "src/Ledger/Import/BatchStore.cs",
     "=> again is null ? erased.Contains(one)", "=> again is null ? !F && erased.Contains(one)",
     "Ledger.SystemTests", "ErasedStayOutTests"),
    (18, "a newer ledger's value is taken for a known one", "src/Contracts/Transparency/Proofs/ClosedLists.cs",
     "return [value.GetValue<string>()];", "return F ? [] : [value.GetValue<string>()];", "Ledger.SystemTests", "ThreeCheckersTests"),
    (19, "an erased conversation counts as never found", "src/Ledger/Execution/BatchDeleter.cs",
     "erased.Contains(entry.ConversationId) ?", "erased.Contains(entry.ConversationId) && !F ?", "Ledger.SystemTests", "ConcurrencyTests"),
    (20, "pages do not say their language", "src/Ledger/Pages/Layout.razor",
     '<html lang="en">', '<html lang="@(F ? null : "en")">', "Ledger.SystemTests", "LookTests"),
]


def seed(copy, wanted):
    with open(f"{copy}/src/Contracts/SeededFault.cs", "w", encoding="utf-8") as file:
        file.write(SWITCH)
    seeded = []
    for fault in wanted:
        number, what, path, old, new = fault[:5]
        path = f"{copy}/{path}"
        text = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        if text.count(old) != 1:
            print(f"{number:2}  left out: its place is not there ({what})")
            continue
        switch = re.sub(r"\bF\b", f"global::Ledger.Contracts.SeededFault.Is({number})", new)
        open(path, "w", encoding="utf-8").write(text.replace(old, switch))
        seeded.append(fault)
    return seeded


def run(copy, project, tests, number=None):
    environment = dict(os.environ, DOTNET_EnableWriteXorExecute="0", **({"LEDGER_FAULT": f"{number}"} if number else {}))
    said = subprocess.run(
        ["dotnet", "test", f"tests/{project}", "--no-build", "--nologo", "--filter", f"FullyQualifiedName~{tests}"],
        cwd=copy, env=environment, capture_output=True, text=True, check=False)
    failed = sorted(set(re.findall(r"^  Failed ([^\n]+?) \[", said.stdout, re.MULTILINE)))
    passed = re.search(r"Passed: +(\d+)", said.stdout)
    return failed, int(passed.group(1)) if passed else 0


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 2
    copy, numbers = arguments[0], {int(number) for number in arguments[1:]}
    if os.path.realpath(copy) == os.path.realpath(os.path.join(os.path.dirname(__file__), "..")):
        print("faults.py: that is this tree itself: give it a clone", file=sys.stderr)
        return 2
    seeded = seed(copy, [fault for fault in FAULTS if not numbers or fault[0] in numbers])
    build = ["dotnet", "build", "Ledger.sln", "--nologo", "-v", "quiet", "-clp:NoSummary", "-p:RunAnalyzers=false"]
    subprocess.run(build, cwd=copy, check=True)
    sound = {(fault[5], fault[6]): run(copy, fault[5], fault[6]) for fault in seeded}
    for (project, tests), (failed, passed) in sound.items():
        if failed or not passed:
            print(f"    {project} {tests}: without a fault {passed} passed, and these failed: {failed}")
            return 1
    missed = 0
    for number, what, _, _, _, project, tests in seeded:
        failed, _ = run(copy, project, tests, number)
        missed += not failed
        verdict = "found" if failed else "NOT FOUND"
        print(f"{number:2}  {verdict}  {what}: {len(failed)} failed, {failed[0] if failed else tests}", flush=True)
    print(f"{len(seeded) - missed} of {len(seeded)} faults found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
