using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Mempool;

namespace Ledger.Node.Tests.Mempool;

/// <summary>Operations that need no role, sent by keys that somebody has just made.</summary>
public sealed class StandingTests : IAsyncDisposable
{
    private readonly Door _door = new();

    public static TheoryData<string> Moves => ["transfer", "burn"];

    [Theory, MemberData(nameof(Moves))]
    public async Task Who_holds_nothing_of_an_asset_moves_none_of_it(string move)
    {
        var answer = await AdmitAsync(Keys.Stranger, Move(move));

        Assert.Equal(Refusal.NotPermitted, answer.Refusal);
        Assert.StartsWith("operation 0: ", answer.Words, StringComparison.Ordinal);
        Assert.EndsWith("holds no 'gold' in the final state", answer.Words, StringComparison.Ordinal);
        Assert.Equal(0, _door.Verifications);
    }

    [Theory, MemberData(nameof(Moves))]
    public async Task Who_holds_some_is_let_in_whatever_the_amount(string move)
    {
        Keep(StateKey.ForBalance(Keys.Stranger.PublicKey, "gold"), [1]);

        Assert.True((await AdmitAsync(Keys.Stranger, Move(move))).IsAdmitted);
    }

    [Fact]
    public async Task Who_may_issue_may_move_in_the_same_transaction_what_it_issues_to_itself()
        => Assert.True((await AdmitAsync(
            Keys.Admin, new Operation.DefineAsset("gold", 0),
            new Operation.Issue("gold", Keys.Admin.PublicKey, new(5)), Move("transfer"))).IsAdmitted);

    [Fact]
    public async Task Evidence_that_holds_is_let_in_whoever_brings_it()
    {
        Assert.True((await AdmitAsync(Keys.Stranger, new Operation.Report(Proof(Keys.Of(1))))).IsAdmitted);

        // Two votes, and the bearer's own signature.
        Assert.Equal(3, _door.Verifications);
    }

    [Fact]
    public async Task Evidence_that_is_forged_of_a_stranger_or_known_already_is_turned_away()
    {
        var proof = Proof(Keys.Of(1));
        var accused = proof.Offence with { Validator = Keys.Of(1).PublicKey };
        await RefusedAsync(Proof(Keys.Stranger));
        await RefusedAsync(Proof(Keys.Stranger) with { Offence = accused });
        await RefusedAsync(proof with { Second = new(proof.Second.Block, proof.First.Signature) });

        Keep(StateKey.ForOffence(proof.Offence), [1]);
        await RefusedAsync(proof);
        Assert.Equal(0, _door.Pool.Count);
    }

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    private static Operation Move(string move) => move == "burn"
        ? new Operation.Burn("gold", new(1))
        : new Operation.Transfer("gold", Keys.Writer.PublicKey, new(1));

    private async Task RefusedAsync(Evidence evidence)
        => Assert.Equal(
            Refusal.NotPermitted, (await AdmitAsync(Keys.Stranger, new Operation.Report(evidence))).Refusal);

    private Task<Admitted> AdmitAsync(SigningKey sender, params Operation[] operations)
        => _door.AdmitAsync(Keys.Sign(_door.Clock, sender, operations));

    private Evidence Proof(SigningKey voter)
    {
        Offence offence = new(voter.PublicKey, StatementKind.Commit, View.Zero, new(2));
        return Evidence.Of(offence, Vote(voter, offence, 1), Vote(voter, offence, 2));
    }

    private SignedVote Vote(SigningKey voter, Offence offence, byte number)
    {
        var block = Sha256.Hash([number]);
        var statement = new byte[Statement.Size];
        new Statement(_door.Genesis.Hash, offence.Kind, offence.View, View.Zero, offence.Height, block)
            .WriteTo(statement);
        return new(block, voter.Sign(statement));
    }

    private void Keep(byte[] key, byte[] value) => _door.State.Values[Convert.ToHexString(key)] = value;
}
