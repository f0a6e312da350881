using Ledger.Core;
using Ledger.Node.Transport;

namespace Ledger.Node.Consensus;

/// <summary>
/// Tells the witnesses what the ledger here says of the members, when one connects and when a block has
/// changed it. Who learns is told too: it may have been set up as a witness, and would never hear otherwise
/// that it was not added as one.
/// </summary>
internal sealed class MembersNews(PeerNetwork network, ValidatorDirectory directory)
{
    /// <summary>A witness that was removed is told so too, while it is connected.</summary>
    public void TellAll()
    {
        foreach (var peer in network.Connected)
        {
            Tell(peer);
        }
    }

    public void Tell(ValidatorIndex peer)
    {
        var history = directory.History;
        if (!directory.IsWitness && (history.IsWitness(peer) || history.Learns(peer)))
        {
            network.Send(FrameKind.Members, directory.Word.Encode(), peer);
        }
    }
}

/// <summary>
/// Takes it in, as a witness. Its peers are trusted not to lie, as all are in Raft; one may know less than
/// another, so the word of the longest ledger stands.
/// </summary>
/// <param name="genesis">The members that the chain starts with.</param>
/// <param name="folder">Where the last word lies.</param>
/// <param name="last">That word; null when there was none.</param>
/// <param name="apply">Tells everyone here; one call at a time, and the word is durable before.</param>
internal sealed class MembersHearing(
    Genesis genesis, string folder, MembersWord? last, Action<MembersWord> apply)
{
    private readonly Lock _lock = new();
    private MembersWord? _last = last;

    /// <summary>For who keeps a ledger, and reads there who the members are.</summary>
    public static ValueTask<FrameVerdict> IgnoreAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        => ValueTask.FromResult(FrameVerdict.Ok);

    public ValueTask<FrameVerdict> OnFrameAsync(
        ValidatorIndex from, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (!MembersWord.TryDecode(genesis, payload, out var word))
        {
            return ValueTask.FromResult(FrameVerdict.Disconnect("malformed_members"));
        }

        lock (_lock)
        {
            if (word.Height <= _last?.Height)
            {
                return ValueTask.FromResult(FrameVerdict.Ok);
            }

            // A ledger that has only grown says the same of the members as before.
            if (_last is null || !_last.History.Encode().AsSpan().SequenceEqual(word.History.Encode()))
            {
                word.PutInto(folder);
                apply(word);
            }

            _last = word;
        }

        return ValueTask.FromResult(FrameVerdict.Ok);
    }
}
