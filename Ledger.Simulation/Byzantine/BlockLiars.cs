using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>As primary it proposes blocks that break one rule each.</summary>
internal sealed class InvalidBlocks : Liar
{
    public override string Name => "invalid-block";

    /// <summary>
    /// Now and then with a transaction that its sender never signed, and all roots as they must be.
    /// </summary>
    protected override Block OnPropose(ProposalRequest request, Block block)
    {
        var client = World.Clients[0];
        var body = new TransactionBody(
            World.Genesis.ChainId, client.Key.PublicKey, block.Header.Time.Plus(TimeSpan.FromMinutes(1)),
            Chance.Next(),
            [new Operation.Put(SimulatedClient.Namespace, "forged", new byte[] { 1 })]);
        return Chance.Percent(30)
            && Transaction.TryDecode(Transaction.EncodeSigned(body, default), out var forged, out _)
            && Host.Life?.Machine.Propose(
                request.Parent, [.. block.Transactions, forged], block.Header.Time, Self, int.MaxValue,
                int.MaxValue)
                is { } made
            ? made
            : block;
    }

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        if (envelope.Message is PrePrepare proposal && Chance.Percent(60))
        {
            Say(new PrePrepare(proposal.View, Broken(proposal.Block)), to.Only is { } only
                ? [only] : Others());
            return;
        }

        Send(envelope, to);
    }

    private Block Broken(Block block)
    {
        var header = block.Header;
        return Chance.Below(6) switch
        {
            0 => new(header with { StateRoot = AnyDigest() }, block.Transactions),
            1 => new(header with { ReceiptsRoot = AnyDigest() }, block.Transactions),
            2 => new(header with { Parent = AnyDigest() }, block.Transactions),
            3 => new(header with { Time = header.Time.Plus(TimeSpan.FromMinutes(5)) }, block.Transactions),
            4 => new(header with { Time = header.Time.Plus(TimeSpan.FromMinutes(-5)) }, block.Transactions),
            _ => WithAppliedTransaction(block),
        };
    }

    /// <summary>Holds a transaction of the chain once more.</summary>
    private Block WithAppliedTransaction(Block block)
    {
        foreach (var final in Host.Ledger.Chain.Reverse())
        {
            if (final.Block.Transactions.Count > 0)
            {
                Transaction[] twice = [.. block.Transactions, final.Block.Transactions[0]];
                return new(block.Header with { TransactionsRoot = TransactionTree.RootOf(twice) }, twice);
            }
        }

        return block;
    }
}

/// <summary>
/// As primary it proposes a block to all, and above it a child of that block's sibling, valid in itself: only
/// who checks what the parent is refuses it.
/// </summary>
internal sealed class WrongParent : Liar
{
    private readonly SortedDictionary<Digest, Block> _siblings = [];

    public override string Name => "wrong-parent";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        Send(envelope, to);
        if (envelope.Message is PrePrepare proposal && to.Only is null && Host.Life?.Machine is { } machine)
        {
            var sibling = Sibling(proposal.Block, 1);
            _siblings[sibling.Hash] = sibling;
            machine.Validate(sibling, null, _ => true);
            if (machine.Propose(sibling.Hash, [], sibling.Header.Time, Self, 1, 1) is { } child)
            {
                Say(new PrePrepare(proposal.View, child), Others());
            }
        }
    }

    protected override Parcel.Answer OnAsked(Parcel.Question question, Parcel.Answer honest)
        => question.Hash is { } hash && _siblings.TryGetValue(hash, out var sibling)
            ? honest with { Blocks = [sibling.Encoded] }
            : honest;
}

/// <summary>
/// Answers questions for blocks with other blocks, with no end, or with certificates of its own making.
/// </summary>
internal sealed class LyingSync : Liar
{
    public override string Name => "lying-sync";

    protected override void OnSay(Envelope envelope, Recipients to)
    {
        // It promises more than there is, so that others ask it first.
        if (envelope.Message is Status status)
        {
            var height = new Height(status.Committed.Value + (ulong)Chance.Below(5));
            envelope = envelope with { Message = status with { Committed = height } };
        }

        Send(envelope, to);
    }

    protected override Parcel.Answer OnAsked(Parcel.Question question, Parcel.Answer honest)
    {
        var chain = Host.Ledger.Chain;
        var other = Sibling(Chance.Pick(chain).Block, 1);
        var subject = new Subject(View, question.From, other.Hash);
        var signature = World.Signatures.Sign(Self, subject.Commit(World.Genesis.Hash));
        var forged = new QuorumCertificate(StatementKind.Commit, subject, [new(Self, signature)]);
        return Chance.Below(5) switch
        {
            0 => honest with { Blocks = [other.Encoded], Certificates = [forged] },
            1 => honest with { Blocks = [] },
            2 => honest with { Blocks = [.. honest.Blocks.Reverse()] },
            3 => honest with { Certificates = [.. honest.Certificates.Select(Stretched)] },
            _ => honest with { Blocks = [.. honest.Blocks.Select(block => block[..(block.Length / 2)])] },
        };
    }

    /// <summary>A true certificate, said of another kind.</summary>
    private static QuorumCertificate Stretched(QuorumCertificate certificate)
        => new(StatementKind.Prepare, certificate.Subject, certificate.Signers);
}
