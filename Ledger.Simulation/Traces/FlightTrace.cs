using System.Globalization;
using Ledger.Consensus;
using Ledger.Consensus.Flight;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>A node's recorded turns in the words of a simulated run.</summary>
public static class FlightTrace
{
    /// <param name="self">Whose engine it was.</param>
    /// <param name="turn">Run again.</param>
    /// <param name="since">What the times are counted from.</param>
    public static IEnumerable<TraceEvent> EventsOf(ValidatorIndex self, ReplayedTurn turn, Timestamp since)
    {
        var at = TimeSpan.FromMilliseconds(turn.Turn.At.UnixMilliseconds - since.UnixMilliseconds);
        foreach (var input in turn.Turn.Inputs)
        {
            if (Of(self, at, input) is { } happened)
            {
                yield return happened;
            }
        }

        foreach (var (message, to) in turn.Effects.Hints)
        {
            yield return Told($"says {message}{To(to)}");
        }

        foreach (var (said, to) in turn.Effects.Repeats)
        {
            yield return Told($"repeats {said.Message}{To(to)}");
        }

        foreach (var (message, to) in turn.Effects.Promises)
        {
            yield return Told($"says {message}{To(to)}");
        }

        foreach (var request in turn.Effects.Requests)
        {
            if (Of(request) is { } words)
            {
                yield return Told(words);
            }
        }

        if (turn.Fault is { } fault)
        {
            yield return new(at, TraceKind.Breach, self.Value, -1, fault);
        }

        TraceEvent Told(string words) => new(at, TraceKind.Notice, self.Value, -1, words);
    }

    /// <summary>Null for its own words: they were shown when it said them.</summary>
    private static TraceEvent? Of(ValidatorIndex self, TimeSpan at, Input input) => input switch
    {
        Input.Received received when received.Verified.From == self => null,
        Input.Received received => new(
            at, TraceKind.Arrives, self.Value, received.Verified.From.Value,
            received.Verified.Message.ToString()),
        Input.Started => new(at, TraceKind.Starts, self.Value, -1, "may speak"),
        Input.Finalised final => new(at, TraceKind.Final, self.Value, -1, $"h{final.Height}"),
        Input.PeerConnected connected => new(
            at, TraceKind.Turn, self.Value, connected.Peer.Value, $"R{connected.Peer} is connected"),
        _ => new(at, TraceKind.Turn, self.Value, -1, Words.Of(input)),
    };

    private static string? Of(Effect effect) => effect switch
    {
        Effect.Note note => Words.Of(note.Notice),
        Effect.Decide decide => string.Create(
            CultureInfo.InvariantCulture, $"decides {string.Join(", ", decide.Decision.Blocks)}"),
        Effect.ValidateBlock validate => $"asks whether {validate.Block} is valid",
        Effect.RequestProposal request
            => $"asks for a block for v{request.Request.View} h{request.Request.Height}",
        Effect.FetchBlock fetch => $"asks for h{fetch.Height} {fetch.Hash.ToShortString()}",
        Effect.CatchUp catchUp => $"asks R{catchUp.From} for blocks up to h{catchUp.Target}",
        Effect.InstallSnapshot install => $"asks R{install.From} for the state at h{install.Height}",
        Effect.ReadReady ready => $"read {ready.Id} may see h{ready.Height}",
        Effect.ReadRefused refused => $"refuses read {refused.Id}: {refused.Reason}",
        _ => null,
    };

    private static string To(Recipients to) => to.Only is { } only ? $" to R{only}" : "";
}
