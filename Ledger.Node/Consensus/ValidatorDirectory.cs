using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;

namespace Ledger.Node.Consensus;

/// <summary>
/// Who the validators are and were, as far as the ledger has come here, and which of them this node is. The
/// executor moves it on when a block that changed them is durable; everyone reads it, each time one moment as
/// a whole.
/// </summary>
internal sealed class ValidatorDirectory(
    Genesis genesis, PublicKey self, Epoch epoch, ValidatorHistory history, Height asOf = default)
{
    private volatile Moment _now = MomentOf(self, epoch, history, asOf);

    public Genesis Genesis { get; } = genesis;

    /// <summary>This node's, whether it is a validator's or not.</summary>
    public PublicKey PublicKey => self;

    public Epoch Epoch => _now.Epoch;

    public ValidatorSet Validators => _now.Epoch.Validators;

    public ValidatorHistory History => _now.History;

    /// <summary>Everyone who has a seat: the validators and, in Raft, those who learn.</summary>
    public ValidatorSet Seated => _now.Seated;

    /// <summary>
    /// This node's seat; <see cref="ValidatorIndex.None"/> before it has any. One who is removed keeps
    /// speaking as who it was: in Raft until the others can do without it, in PBFT to tell those behind it
    /// that the block is final.
    /// </summary>
    public ValidatorIndex Self => _now.Self;

    public bool IsMember => Self != ValidatorIndex.None && Seated.Contains(Self);

    /// <summary>Raft: this node is sent everything and does not vote yet.</summary>
    public bool Learns => History.Learns(Self);

    /// <summary>Raft: this node votes and keeps no blocks.</summary>
    public bool IsWitness => History.IsWitness(Self);

    /// <summary>
    /// Who this node is to the others, as <c>ledger validators</c> has it; null while it has no seat.
    /// </summary>
    public string? Role => IsMember ? RoleOf(History, Self) : null;

    /// <summary>
    /// The block that took this node out of the set; null while it is in it, or before it ever was.
    /// </summary>
    public Height? Removal => IsMember ? null : History.RemovalOf(self);

    /// <summary>This node's name; its key while it has none.</summary>
    public string SelfName => IsMember ? Seated[Self].Name : History.LastOf(self)?.Name ?? self.ToString();

    /// <summary>For those who have no ledger to read it from.</summary>
    public MembersWord Word
    {
        get
        {
            var now = _now;
            return new(now.AsOf, now.Epoch.Start.Block, now.History);
        }
    }

    public static ValidatorDirectory Open(
        Genesis genesis, PublicKey self, LedgerMachine machine, ILedgerStore store)
        => new(
            genesis, self, machine.Epoch, ValidatorHistory.Read(genesis, key => store.ReadState(key)),
            machine.Head.Height);

    /// <summary>A witness's: what it was told, or else what all begin with.</summary>
    public static ValidatorDirectory Of(Genesis genesis, PublicKey self, MembersWord? told)
        => told is null
            ? new(genesis, self, Epoch.First(genesis), ValidatorHistory.Of(genesis))
            : new(genesis, self, told.EpochOn(genesis), told.History, told.Height);

    public static string RoleOf(ValidatorHistory history, ValidatorIndex seat)
        => history.IsWitness(seat) ? ValidatorReply.Witness
            : history.Learns(seat) ? ValidatorReply.Learner
            : ValidatorReply.Voter;

    public string NameOf(ValidatorIndex seat) => History.Find(seat)?.Name ?? seat.ToString();

    /// <returns>This node's seat from now on.</returns>
    public ValidatorIndex Begin(Epoch epoch, ValidatorHistory history, Height asOf)
    {
        _now = MomentOf(self, epoch, history, asOf);
        return Self;
    }

    private static Moment MomentOf(PublicKey self, Epoch epoch, ValidatorHistory history, Height asOf)
        => new(epoch, history, asOf, history.Seated, history.FindByKey(self) ?? ValidatorIndex.None);

    private sealed record Moment(
        Epoch Epoch, ValidatorHistory History, Height AsOf, ValidatorSet Seated, ValidatorIndex Self);
}
