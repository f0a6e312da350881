using System.CommandLine;
using Ledger.Cli.Shell;
using Ledger.Simulation;

namespace Ledger.Cli.Commands;

/// <summary>
/// <c>ledger replay</c>: steps through a trace, and shows that this program does the same again.
/// </summary>
internal static class ReplayCommand
{
    public static Command Build(Terminal terminal)
    {
        Argument<string> file = new("TRACE") { Description = "A file that 'ledger simulate --trace' wrote" };
        Option<int> from = new("--from") { Description = "The first event to show", HelpName = "N" };
        Option<int> count = new("--count")
        {
            Description = "How many events to show",
            DefaultValueFactory = _ => int.MaxValue,
            HelpName = "N",
            Validators = { result => CommonOptions.Positive(result, "--count") },
        };
        Option<bool> step = new("--step") { Description = "Show one event at a time; Enter goes on, q ends" };
        ExampleCommand command = new(
            "replay", "Run a trace again, event by event", "ledger replay run.trace --step",
            "ledger replay run.trace --from 1000 --count 50");
        command.Add(file);
        command.Add(from);
        command.Add(count);
        command.Add(step);
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Replay(
            terminal, parsed.GetRequiredValue(file), parsed.GetValue(from), parsed.GetValue(count),
            parsed.GetValue(step) && terminal.IsInteractive, parsed.IsJson(), cancellationToken)));
        return command;
    }

    private static int Replay(
        Terminal terminal, string path, int from, int count, bool stepwise, bool json,
        CancellationToken cancellationToken)
    {
        var trace = Read(path);
        List<TraceEvent> events = [];
        var result = Simulator.Run(trace.Options, events.Add);
        var same = 0;
        while (same < events.Count && same < trace.Events.Count
            && TraceFile.LineOf(events[same]) == trace.Events[same])
        {
            same++;
        }

        var hosts = Math.Max(trace.Options.Nodes, events.Select(happened => happened.Node + 1).DefaultIfEmpty().Max());
        var shown = events.Skip(from).Take(count);
        if (json)
        {
            foreach (var happened in shown)
            {
                terminal.Json(new
                {
                    Milliseconds = happened.At.TotalMilliseconds,
                    Kind = happened.Kind.ToString().ToLowerInvariant(),
                    happened.Node,
                    happened.Peer,
                    happened.Text,
                });
            }
        }
        else
        {
            foreach (var line in MessageDiagram.Draw(shown, hosts))
            {
                terminal.Line(line);
                if (cancellationToken.IsCancellationRequested
                    || (stepwise && Console.ReadKey(intercept: true).KeyChar == 'q'))
                {
                    break;
                }
            }
        }

        if (same < Math.Max(events.Count, trace.Events.Count))
        {
            terminal.Fail(
                $"from event {same} on this program does something else than the trace says; "
                + "replay it with the version that wrote it");
            return ExitCode.Failed;
        }

        terminal.Remark(result.Breach is { } breach
            ? $"{events.Count:N0} events, as the trace has them; broken: {breach}"
            : $"{events.Count:N0} events, as the trace has them; all invariants held");
        return result.Breach is null ? ExitCode.Done : ExitCode.VerificationFailed;
    }

    private static TraceFile Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new CliException($"there is no file {path}", "check its name");
        }

        try
        {
            using var reader = new StreamReader(path);
            return TraceFile.Read(reader);
        }
        catch (TraceException fault)
        {
            throw new CliException(
                $"{path} cannot be replayed: {fault.Message}", "write it anew with 'ledger simulate --trace'");
        }
    }
}
