using Ledger.Crypto;
using MessagePack;

namespace Ledger.Core;

/// <summary>How blocks are agreed on.</summary>
public enum ConsensusMode : byte
{
    Pbft = 1,
    Raft = 2,
}

/// <summary>
/// What follows from a proof on the ledger that a validator voted twice, besides that it stands there.
/// </summary>
public enum EvidencePolicy : byte
{
    /// <summary>Nothing: an admin decides.</summary>
    Record = 0,

    /// <summary>The validator loses its seat with the block that records the proof.</summary>
    Suspend = 1,
}

/// <summary>A role that an account has from the start.</summary>
public sealed record GenesisRole(PublicKey Account, Role Role, string Namespace);

/// <summary>
/// What all validators of a chain share from the start, one file, the same for all; its hash is part of every
/// handshake and every signed statement. Settings of single nodes stay out of it.
/// </summary>
public sealed class Genesis
{
    private readonly FinalBlock _block;

    public Genesis(
        string chainId,
        ConsensusMode mode,
        Timestamp time,
        IReadOnlyList<Validator> validators,
        IReadOnlyList<GenesisRole> roles,
        EvidencePolicy evidence = EvidencePolicy.Record)
    {
        if (evidence == EvidencePolicy.Suspend && mode != ConsensusMode.Pbft)
        {
            throw new ArgumentException("Only PBFT validators are proven to lie.", nameof(evidence));
        }

        if (validators.Any(validator => validator.IsWitness)
            && (mode != ConsensusMode.Raft || validators.All(validator => validator.IsWitness)))
        {
            throw new ArgumentException(
                "Witnesses are Raft's, beside one at least that keeps blocks.", nameof(validators));
        }

        ChainId = chainId;
        Mode = mode;
        Time = time;
        Roles = roles;
        Evidence = evidence;
        var quorums = mode == ConsensusMode.Pbft
            ? Quorums.Byzantine(validators.Count)
            : Quorums.Crash(validators.Count);
        Validators = new(validators, quorums);
        Hash = Sha256.Hash("ledger/genesis/v1"u8, Canonical.Encode(this, Write));
        _block = BuildBlock();
    }

    public string ChainId { get; }

    public ConsensusMode Mode { get; }

    /// <summary>The time of the genesis block.</summary>
    public Timestamp Time { get; }

    public ValidatorSet Validators { get; }

    public IReadOnlyList<GenesisRole> Roles { get; }

    public EvidencePolicy Evidence { get; }

    /// <summary>Over everything above: two chains that differ in anything share no signature.</summary>
    public Digest Hash { get; }

    /// <summary>The block at height 0.</summary>
    public Block Block => _block.Block;

    /// <summary>The genesis block as a store keeps it: the first roles are its writes.</summary>
    public FinalBlock Build() => _block;

    private FinalBlock BuildBlock()
    {
        var overlay = new Overlay(null, new EmptyState(), writes: 0);
        foreach (var role in Roles)
        {
            OperationExecutor.Grant(new(role.Account, role.Role, role.Namespace), overlay);
            overlay.Keep();
        }

        var outcome = Outcome.Of(overlay, [], StateTree.Empty(new EmptyState()));
        var header = new BlockHeader(
            ChainId, Height.Genesis, Digest.Zero, Time, new(0), TransactionTree.RootOf([]),
            ReceiptTree.RootOf([]),
            outcome.Tree.Root, Validators.Hash, Validators.Hash);
        return new(new(header, []), null, [], outcome.Writes, outcome.Tree.PageWrites());
    }

    private static void Write(ref MessagePackWriter writer, Genesis genesis)
    {
        // These two came later: a chain without them keeps the hash that it had. None has both, and their
        // types differ.
        var hasPolicy = genesis.Evidence != EvidencePolicy.Record;
        ValidatorIndex[] witnesses =
            [.. genesis.Validators.Indices.Where(seat => genesis.Validators[seat].IsWitness)];
        writer.WriteArrayHeader(hasPolicy || witnesses.Length > 0 ? 6 : 5);
        writer.Write(genesis.ChainId);
        writer.Write((byte)genesis.Mode);
        writer.Write(genesis.Time.UnixMilliseconds);
        writer.WriteArrayHeader(2 * genesis.Validators.Count);
        foreach (var validator in genesis.Validators.Members)
        {
            writer.Write(validator.Name);
            Fields.WriteKey(ref writer, validator.PublicKey);
        }

        writer.WriteArrayHeader(3 * genesis.Roles.Count);
        foreach (var role in genesis.Roles)
        {
            Fields.WriteKey(ref writer, role.Account);
            writer.Write((byte)role.Role);
            writer.Write(role.Namespace);
        }

        if (hasPolicy)
        {
            writer.Write((byte)genesis.Evidence);
        }
        else if (witnesses.Length > 0)
        {
            writer.WriteArrayHeader(witnesses.Length);
            foreach (var seat in witnesses)
            {
                writer.Write((ushort)seat.Value);
            }
        }
    }

    private sealed class EmptyState : IFinalState
    {
        public byte[]? ReadState(ReadOnlySpan<byte> stateKey) => null;

        public bool HoldsTransaction(Digest hash) => false;

        public bool TryRead(ReadOnlySpan<byte> pageKey, out byte[] page)
        {
            page = [];
            return false;
        }
    }
}
