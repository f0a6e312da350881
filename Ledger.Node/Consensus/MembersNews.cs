using Ledger.Core;
using Ledger.Node.Transport;

namespace Ledger.Node.Consensus;

/// <summary>
/// Tells the witnesses what the ledger here says of the members, when one connects and when a block has
/// changed it.
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
        if (!directory.IsWitness && directory.History.IsWitness(peer))
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
