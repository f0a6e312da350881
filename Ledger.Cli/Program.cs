using System.Diagnostics;
using System.Runtime.InteropServices;
using Ledger.Cli.Shell;

using CancellationTokenSource stop = new();
long? asked = null;

// The first Ctrl-C asks, and the command ends cleanly; a second one ends the process at once. Two in one
// moment are one: who signals a process and then its group means it once.
void Ask(PosixSignalContext context)
{
    asked ??= Stopwatch.GetTimestamp();
    context.Cancel = Stopwatch.GetElapsedTime(asked.Value) < TimeSpan.FromMilliseconds(500);
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
return await CommandLine.RunAsync(args, Terminal.ForThisProcess(), stop.Token);
