using Ledger.Cli.Commands;
using Ledger.Cli.Shell;
using Ledger.Simulation;

namespace Ledger.Cli.Simulations;

/// <summary>Runs the simulation of a trace again and says whether the same happened.</summary>
internal static class TraceReport
{
    public static int Show(ReplayCommand.Request request)
    {
        var trace = Read(request.Path);
        List<TraceEvent> events = [];
        var result = Simulator.Run(trace.Options, events.Add);
        var same = 0;
        while (same < events.Count && same < trace.Events.Count
            && TraceFile.LineOf(events[same]) == trace.Events[same])
        {
            same++;
        }

        request.Show(
            events, Math.Max(
                trace.Options.Nodes, events.Select(each => each.Node + 1).DefaultIfEmpty().Max()));
        if (same < Math.Max(events.Count, trace.Events.Count))
        {
            request.Terminal.Fail(
                $"from event {same} on this program does something else than the trace says; "
                + "replay it with the version that wrote it");
            return ExitCode.Failed;
        }

        request.Terminal.Remark(result.Breach is { } breach
            ? $"{events.Count:N0} events, as the trace has them; broken: {breach}"
            : $"{events.Count:N0} events, as the trace has them; all invariants held");
        return result.Breach is null ? ExitCode.Done : ExitCode.VerificationFailed;
    }

    private static TraceFile Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            return TraceFile.Read(reader);
        }
        catch (TraceException fault)
        {
            throw new CliException(
                $"{path} cannot be replayed: {fault.Message}",
                "write it anew with 'ledger simulate --trace'");
        }
    }
}
