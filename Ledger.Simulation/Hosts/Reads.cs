using Ledger.Consensus;
using Ledger.Core;

namespace Ledger.Simulation;

/// <summary>
/// Serves linearizable reads as the node does: the engine says how high the final state must be, and a read
/// waits until it is. One that is refused, or waits too long, is asked again until its patience is over.
/// </summary>
internal sealed class Reads(Simulator simulator, Life life)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FinalWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// A few clients ask, each for a few seconds, and again while a process stands still: more means that
    /// none is ever let go.
    /// </summary>
    private const int WaitingMax = 5_000;

    private readonly Dictionary<ulong, Read> _asked = [];
    private readonly List<(Height Height, Read Read)> _held = [];

    /// <param name="serve">Called when the final state here may be read; never, when that does not
    /// come.</param>
    public void Ask(Action serve) => Ask(new Read(serve, simulator.Now + Patience));

    public void OnReady(ulong id, Height height)
    {
        if (!_asked.Remove(id, out var read))
        {
            return;
        }

        if (life.Machine.Head.Height >= height)
        {
            read.Serve();
            return;
        }

        // A view change may have given that height up: it is asked for again.
        (Height Height, Read Read) held = (height, read);
        _held.Add(held);
        life.After(FinalWithin, () =>
        {
            if (_held.Remove(held))
            {
                Ask(read);
            }
        });
    }

    public void OnRefused(ulong id)
    {
        if (_asked.Remove(id, out var read))
        {
            life.After(Breath, () => Ask(read));
        }
    }

    /// <summary>Blocks have become final here.</summary>
    public void OnFinal()
    {
        foreach (var held in _held.FindAll(held => life.Machine.Head.Height >= held.Height))
        {
            _held.Remove(held);
            held.Read.Serve();
        }
    }

    private void Ask(Read read)
    {
        if (simulator.Now < read.Until)
        {
            var id = simulator.NextRead();
            _asked[id] = read;
            simulator.Watch.Bounded("the reads of a validator", _asked.Count + _held.Count, WaitingMax);
            life.Post(new Input.ReadRequested(id, life.Host.Elapsed));
        }
    }

    /// <summary>Compared by reference: two reads are never the same.</summary>
    private sealed class Read(Action serve, TimeSpan until)
    {
        public TimeSpan Until { get; } = until;

        public void Serve() => serve();
    }
}
