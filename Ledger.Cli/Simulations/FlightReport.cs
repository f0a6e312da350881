using Ledger.Cli.Commands;
using Ledger.Cli.Shell;
using Ledger.Consensus.Flight;
using Ledger.Simulation;

namespace Ledger.Cli.Simulations;

/// <summary>
/// Runs the engine of a node's flight recordings again and says whether it wants the same as then.
/// </summary>
internal static class FlightReport
{
    /// <param name="request">What to show.</param>
    /// <param name="files">
    /// Recordings of one node, oldest first; each begins with the engine as it was.
    /// </param>
    public static int Show(ReplayCommand.Request request, IReadOnlyList<string> files)
    {
        List<TraceEvent> events = [];
        List<string> notes = [];
        FlightSource? source = null;
        ReplayedTurn? otherwise = null;
        FlightTurn? first = null;
        var turns = 0;
        foreach (var file in files)
        {
            var recording = Read(file);
            source = recording.Start.Source;
            if (recording.TornBytes > 0)
            {
                notes.Add($"{file}: its last {recording.TornBytes} bytes are no whole turn and are left out; "
                    + "the process died while it wrote them, or writes them now");
            }

            foreach (var turn in Run(file, recording))
            {
                first ??= turn.Turn;
                otherwise ??= turn.IsSame ? null : turn;
                turns++;
                events.AddRange(FlightTrace.EventsOf(source.Self, turn, first.At));
            }
        }

        request.Show(events, source!.Validators);
        notes.ForEach(request.Terminal.Remark);
        if (otherwise is not null)
        {
            request.Terminal.Fail(
                $"from turn {otherwise.Turn.Number} on this program does something else than was recorded; "
                + $"replay it with the program that recorded it, version {source.Program}");
            return ExitCode.Failed;
        }

        request.Terminal.Remark(
            $"{turns:N0} turns of R{source.Self} of chain '{source.ChainId}', {events.Count:N0} events; "
            + "the engine wants what it wanted then");
        return ExitCode.Done;
    }

    private static FlightRecording Read(string file)
    {
        try
        {
            return FlightRecording.Read(File.ReadAllBytes(file));
        }
        catch (FlightException fault)
        {
            throw Unusable(file, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{file} cannot be read: {fault.Message}", "check its owner and mode");
        }
    }

    private static IReadOnlyList<ReplayedTurn> Run(string file, FlightRecording recording)
    {
        try
        {
            return [.. FlightReplay.Run(recording)];
        }
        catch (FlightException fault)
        {
            throw Unusable(file, fault);
        }
    }

    private static CliException Unusable(string file, FlightException fault)
        => new($"{file} cannot be replayed: {fault.Message}",
            "name another recording of the data folder's 'flight'");
}
