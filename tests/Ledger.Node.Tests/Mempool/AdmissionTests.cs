using Ledger.Core;
using Ledger.Node.Mempool;

namespace Ledger.Node.Tests.Mempool;

/// <summary>The one door for transactions: who is turned away, under which name, and at what cost.</summary>
public sealed class AdmissionTests : IAsyncDisposable
{
    private readonly Door _door = new();

    [Fact]
    public async Task A_good_transaction_is_admitted_after_one_signature_check()
    {
        var transaction = _door.Put();

        var answer = await _door.AdmitAsync(transaction);

        Assert.True(answer.IsAdmitted, answer.Words);
        Assert.Equal(transaction.Hash, answer.Transaction!.Hash);
        Assert.True(_door.Pool.Contains(transaction.Hash));
        Assert.Equal(1, _door.Verifications);
    }

    [Theory]
    [InlineData(Refusal.Malformed, "malformed")]
    [InlineData(Refusal.TooLarge, "too_large")]
    [InlineData(Refusal.WrongChain, "wrong_chain")]
    [InlineData(Refusal.Invalid, "invalid")]
    [InlineData(Refusal.Expired, "expired")]
    [InlineData(Refusal.TooFarAhead, "too_far_ahead")]
    [InlineData(Refusal.Duplicate, "duplicate")]
    [InlineData(Refusal.AlreadyFinal, "already_final")]
    [InlineData(Refusal.NotPermitted, "not_permitted")]
    public async Task What_costs_little_to_see_is_refused_before_the_signature_is_looked_at(
        Refusal refusal, string label)
    {
        var encoded = await BadAsync(refusal);
        var verifiedBefore = _door.Verifications;
        var waiting = _door.Pool.Count;

        var answer = Assert.Single(await _door.AdmitAsync(encoded));

        Assert.Equal(refusal, answer.Refusal);
        Assert.NotEmpty(answer.Words);
        Assert.Equal(1, _door.Rejected(label));
        Assert.Equal(verifiedBefore, _door.Verifications);
        Assert.Equal(waiting, _door.Pool.Count);
    }

    [Fact]
    public async Task A_bad_signature_is_refused_and_leaves_nothing_behind()
    {
        var forged = Keys.Forged(_door.Put());

        var answer = await _door.AdmitAsync(forged);

        Assert.Equal(Refusal.BadSignature, answer.Refusal);
        Assert.Equal(1, _door.Rejected("bad_signature"));
        Assert.Equal(1, _door.Verifications);
        Assert.Equal(0, _door.Pool.Count);
    }

    [Fact]
    public async Task A_forgery_does_not_keep_the_true_one_out()
    {
        var transaction = _door.Put();
        await _door.AdmitAsync(Keys.Forged(transaction));

        Assert.True((await _door.AdmitAsync(transaction)).IsAdmitted);
    }

    [Theory]
    [InlineData(2, 100, Refusal.MempoolFull, "mempool_full")]
    [InlineData(4, 50, Refusal.SenderShareFull, "sender_share_full")]
    public async Task Room_is_judged_before_the_signature(int max, int share, Refusal refusal, string label)
    {
        await using Door door = new(new(max, 1_000_000, share));
        await door.AdmitAsync(door.Put());
        await door.AdmitAsync(door.Put());

        var answer = await door.AdmitAsync(Keys.Forged(door.Put()));

        Assert.Equal(refusal, answer.Refusal);
        Assert.Equal(1, door.Rejected(label));
        Assert.Equal(2, door.Verifications);
    }

    [Fact]
    public void Every_reason_is_counted_from_the_start_under_a_snake_case_name()
        => Assert.Equal(
            [
                "malformed", "too_large", "wrong_chain", "invalid", "expired", "too_far_ahead", "duplicate",
                "already_final", "not_permitted", "bad_signature", "mempool_full", "sender_share_full",
            ],
            Enum.GetValues<Refusal>().Where(r => r != Refusal.None).Select(Admission.LabelOf));

    [Fact]
    public async Task A_valid_until_exactly_a_day_ahead_is_the_last_that_is_taken()
    {
        var last = Keys.TimeOf(_door.Clock).Plus(Limits.ValidUntilAhead);

        Assert.True((await _door.AdmitAsync(Until(last))).IsAdmitted);
        Assert.Equal(
            Refusal.TooFarAhead,
            (await _door.AdmitAsync(Until(last.Plus(TimeSpan.FromMilliseconds(1))))).Refusal);
        Assert.True((await _door.AdmitAsync(Until(Keys.TimeOf(_door.Clock)))).IsAdmitted);
    }

    [Fact]
    public async Task A_refusal_names_the_operation_that_is_not_permitted()
    {
        var transaction = Keys.Sign(
            _door.Clock, Keys.Writer, new Operation.Put("open", "k", default),
            new Operation.Put("closed", "k", default));

        var answer = await _door.AdmitAsync(transaction);

        Assert.Equal(Refusal.NotPermitted, answer.Refusal);
        Assert.StartsWith("operation 1:", answer.Words, StringComparison.Ordinal);
    }

    /// <summary>More than one worker takes at once, so that the answers could come out of order.</summary>
    [Fact]
    public async Task Answers_come_in_the_order_of_the_questions()
    {
        var questions = Enumerable.Range(0, 100).Select(i => (i % 3) switch
        {
            0 => _door.Put(),
            1 => Keys.Forged(_door.Put()),
            _ => _door.Put(Keys.Stranger),
        }).ToArray();

        var answers = await _door.AdmitAsync([.. questions.Select(question => question.Encoded)]);

        Assert.Equal(
            questions.Select(question => question.Hash), answers.Select(answer => answer.Transaction!.Hash));
        Assert.Equal(
            Enumerable.Range(0, 100).Select(i => (i % 3) switch
            {
                0 => Refusal.None,
                1 => Refusal.BadSignature,
                _ => Refusal.NotPermitted,
            }),
            answers.Select(answer => answer.Refusal));
        Assert.Equal(34, _door.Pool.Count);
        Assert.Equal(33, _door.Rejected("not_permitted"));
    }

    [Fact]
    public async Task No_question_needs_no_answer()
    {
        Assert.Empty(await _door.AdmitAsync(Array.Empty<ReadOnlyMemory<byte>>()));
    }

    [Fact]
    public async Task The_same_twice_in_one_batch_is_taken_once()
    {
        var encoded = _door.Put().Encoded;

        var answers = await _door.AdmitAsync(encoded, encoded);

        Assert.Equal([Refusal.None, Refusal.Duplicate], answers.Select(answer => answer.Refusal));
    }

    [Fact]
    public async Task A_worker_that_fails_tells_whoever_asked_and_goes_on_working()
    {
        _door.State.IsBroken = true;
        for (var i = 0; i < 2 * Environment.ProcessorCount; i++)
        {
            var batch = Enumerable.Range(0, 40).Select(_ => _door.Put().Encoded).ToArray();
            await Assert.ThrowsAsync<IOException>(() => _door.AdmitAsync(batch));
        }

        _door.State.IsBroken = false;
        Assert.True((await _door.AdmitAsync(_door.Put())).IsAdmitted);
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_is_let_go()
    {
        using CancellationTokenSource gone = new();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _door.Admission.AdmitAsync([_door.Put().Encoded], isVouched: false, gone.Token));
    }

    [Fact]
    public async Task A_blocks_bad_signatures_are_found_and_known_ones_not_checked_again()
    {
        var (known, foreign, forged) = (_door.Put(), _door.Put(), Keys.Forged(_door.Put()));
        await _door.AdmitAsync(known);
        var before = _door.Verifications;

        var bad = _door.Admission.BadlySigned([known, forged, foreign]);

        Assert.Equal([forged], bad);
        Assert.Equal(before + 2, _door.Verifications);
        Assert.Empty(_door.Admission.BadlySigned([known]));
        Assert.Equal(before + 2, _door.Verifications);
    }

    [Fact]
    public async Task A_known_body_under_another_signature_is_checked()
    {
        var known = _door.Put();
        await _door.AdmitAsync(known);
        var forged = Keys.Forged(known);

        Assert.Equal([forged], _door.Admission.BadlySigned([forged]));
        Assert.DoesNotContain(known, _door.Admission.BadlySigned([known, forged]));
    }

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    private static Transaction Until(Timestamp validUntil)
        => Keys.Sign(validUntil, Keys.Writer, new Operation.Delete("open", "k"));

    /// <summary>
    /// Something that must be refused for this reason. Where it can be, it is badly signed as well: the
    /// reason shows that nobody came to see that.
    /// </summary>
    private async Task<ReadOnlyMemory<byte>> BadAsync(Refusal refusal)
    {
        var now = Keys.TimeOf(_door.Clock);
        var transaction = _door.Put();
        switch (refusal)
        {
            case Refusal.Malformed:
                return transaction.Encoded[..^1];
            case Refusal.TooLarge:
                return new byte[Limits.TransactionBytes + 1];
            case Refusal.WrongChain:
                return Transaction.EncodeSigned(
                    transaction.Body with { ChainId = "another" }, transaction.Signature);
            case Refusal.Invalid:
                return Keys.Forged(
                    Keys.Sign(
                        _door.Clock, Keys.Writer, new Operation.Put("Not A Name", "k", default))).Encoded;
            case Refusal.Expired:
                return Keys.Forged(Until(new(now.UnixMilliseconds - 1))).Encoded;
            case Refusal.TooFarAhead:
                return Keys.Forged(Until(now.Plus(TimeSpan.FromDays(2)))).Encoded;
            case Refusal.Duplicate:
                await _door.AdmitAsync(transaction);
                return Keys.Forged(transaction).Encoded;
            case Refusal.AlreadyFinal:
                _door.State.Final.Add(transaction.Hash);
                return Keys.Forged(transaction).Encoded;
            default:
                return Keys.Forged(_door.Put(Keys.Stranger)).Encoded;
        }
    }
}
