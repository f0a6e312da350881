using System.Runtime.InteropServices;
using Ledger.Cli.Shell;

using CancellationTokenSource stop = new();

// The first Ctrl-C asks, and the command ends cleanly; a second one ends the process at once.
void Ask(PosixSignalContext context)
{
    context.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
return await CommandLine.RunAsync(args, Terminal.ForThisProcess(), stop.Token);
