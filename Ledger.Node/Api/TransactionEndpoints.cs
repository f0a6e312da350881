using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Gossip;
using Ledger.Node.Mempool;
using Ledger.Node.Tracing;
using Ledger.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Ledger.Node.Api;

/// <summary>Submitting transactions, and asking what became of them.</summary>
internal sealed class TransactionEndpoints(
    LedgerStore store, SharedPool pool, Admission admission, TransactionGossip gossip,
    FinalityWaiters waiters,
    Func<string?> obstacle, TransactionTraces traces, RequestMemory memory)
{
    private const int WaitMsDefault = 30_000;
    private const int WaitMsMax = 120_000;
    private const int RetryAfterSeconds = 1;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/transactions", SubmitAsync)
            .Accepts<TransactionRequest>("application/json", TransactionBodies.MessagePackType)
            .Produces<TransactionReply[]>(StatusCodes.Status202Accepted);
        routes.MapGet("/v1/transactions/{hash}", (string hash) => Show(hash)).Produces<TransactionReply>();
    }

    private async Task<IResult> SubmitAsync(
        HttpContext context, IHostApplicationLifetime lifetime, string? wait, int? timeoutMs)
    {
        var isMessagePack = context.Request.ContentType?.StartsWith(
            TransactionBodies.MessagePackType, StringComparison.OrdinalIgnoreCase) == true;
        if (!isMessagePack && context.Request.HasJsonContentType() == false)
        {
            return Problems.Of(
                StatusCodes.Status415UnsupportedMediaType, "media_type",
                $"send application/json or {TransactionBodies.MessagePackType}");
        }

        if (WaitFault(wait, timeoutMs) is { } badQuery)
        {
            admission.CountRefusal(Refusal.Malformed);
            return badQuery;
        }

        var (encoded, isArray, refused) = await ReadAsync(context, isMessagePack).ConfigureAwait(false);
        if (refused is not null)
        {
            return refused;
        }

        var untilFinal = wait == "final";
        var answers = await AdmitAsync(encoded!, context.RequestAborted).ConfigureAwait(false);
        gossip.Broadcast([.. answers.Where(a => a.IsAdmitted).Select(a => a.Transaction!)]);
        if (RefusalOfAll(context, answers, isArray) is { } refusal)
        {
            return refusal;
        }

        var patience = TimeSpan.FromMilliseconds(timeoutMs ?? WaitMsDefault);
        var replies = untilFinal
            ? await WaitAsync(answers, patience, lifetime.ApplicationStopping, context.RequestAborted)
                .ConfigureAwait(false)
            : [.. answers.Select(ReplyTo)];
        var allFinal = Array.TrueForAll(replies, reply => reply.Status != "pending");
        return Results.Json(
            isArray ? replies : replies[0],
            statusCode: allFinal ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    /// <summary>
    /// What came, or why it is not taken: an answer and a count, no log line, since whoever sends too much
    /// must not fill the log as well.
    /// </summary>
    private async Task<(IReadOnlyList<ReadOnlyMemory<byte>>? Encoded, bool IsArray, IResult? Refused)>
        ReadAsync(HttpContext context, bool isMessagePack)
    {
        // Counted until the answer: what was refused is held as long as what is waited for.
        BoundedBody body = new(memory);
        context.Response.RegisterForDispose(body);
        var limit = BoundedBody.TakeLimit(context);
        try
        {
            var end = await body.ReadAsync(context.Request, limit, context.RequestAborted)
                .ConfigureAwait(false);
            switch (end)
            {
                case BodyEnd.TooLarge:
                    admission.CountRefusal(Refusal.TooLarge);
                    return (null, false, Problems.Of(
                        StatusCodes.Status413PayloadTooLarge, "too_large",
                        $"a request's body is at most {limit} bytes here (http.maxBodyBytes): send less at "
                        + "once"));
                case BodyEnd.NoRoom:
                    return (null, false, Problems.Busy(context));
            }
        }
        catch (BadHttpRequestException bad)
        {
            admission.CountRefusal(Refusal.Malformed);
            return (null, false, Problems.Of(bad.StatusCode, "malformed", bad.Message));
        }

        var (encoded, isArray, fault) = isMessagePack
            ? TransactionBodies.ReadMessagePack(body.Bytes)
            : TransactionBodies.ReadJson(body.Bytes);
        if (encoded is not null)
        {
            return (encoded, isArray, null);
        }

        admission.CountRefusal(Refusal.Malformed);
        return (null, isArray, Problems.BadRequest(fault));
    }

    /// <summary>Checked before anything is admitted: who is refused has submitted nothing.</summary>
    private static IResult? WaitFault(string? wait, int? timeoutMs)
        => wait is not (null or "final") ? Problems.BadRequest($"wait: 'final', or left out, not '{wait}'")
            : timeoutMs is < 1 or > WaitMsMax
            ? Problems.BadRequest($"timeoutMs: 1 to {WaitMsMax}, not {timeoutMs}")
            : null;

    private async Task<Admitted[]> AdmitAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> encoded, CancellationToken aborted)
    {
        Admitted[] answers;
        using (TransactionTraces.Admission(encoded.Count))
        {
            answers = await admission.AdmitAsync(encoded, isVouched: false, aborted).ConfigureAwait(false);
        }

        foreach (var answer in answers)
        {
            if (answer.IsAdmitted)
            {
                traces.Admitted(answer.Transaction!);
            }
        }

        return answers;
    }

    /// <summary>
    /// A single refused transaction is an error of the request; so is a batch for which there is no room.
    /// </summary>
    private static IResult? RefusalOfAll(HttpContext context, Admitted[] answers, bool isArray)
    {
        var full = Array.TrueForAll(
            answers, a => a.Refusal is Refusal.MempoolFull or Refusal.SenderShareFull);
        var first = answers[0];
        if (!full && (isArray || first.IsAdmitted))
        {
            return null;
        }

        if (full)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(
                System.Globalization.CultureInfo.InvariantCulture);
        }

        return Problems.Of(Problems.StatusOf(first.Refusal), Admission.LabelOf(first.Refusal), first.Words);
    }

    private async Task<TransactionReply[]> WaitAsync(
        Admitted[] answers, TimeSpan patience, CancellationToken stopping, CancellationToken aborted)
    {
        var replies = Array.ConvertAll(answers, ReplyTo);
        var pending = new Digest?[answers.Length];
        for (var i = 0; i < pending.Length; i++)
        {
            pending[i] = replies[i].Status == "pending" ? answers[i].Transaction!.Hash : null;
        }

        using var wait = waiters.WaitFor(pending);
        LookUpWhatIsFinal(pending, wait);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        try
        {
            await wait.All.WaitAsync(patience, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is TimeoutException or OperationCanceledException
                && !aborted.IsCancellationRequested)
        {
            // What is still pending may yet become final, and can be asked for by its hash.
        }

        for (var i = 0; i < replies.Length; i++)
        {
            if (wait[i] is { } outcome)
            {
                replies[i] = Final(pending[i]!.Value, outcome) with { Duplicate = replies[i].Duplicate };
            }
            else if (replies[i].Status == "pending" && obstacle() is { } why)
            {
                var reason = $"{why}; it waits here and may become final later";
                replies[i] = replies[i] with { Code = "no_quorum", Reason = reason };
            }
        }

        return replies;
    }

    /// <summary>
    /// What left the mempool before we waited is in the store by now. What has not will be told to us: a
    /// block's transactions leave the mempool before those who wait are told.
    /// </summary>
    private void LookUpWhatIsFinal(Digest?[] pending, FinalityWait wait)
    {
        for (var i = 0; i < pending.Length; i++)
        {
            if (pending[i] is { } hash && !pool.Contains(hash) && Find(hash) is { } outcome)
            {
                wait.Set(i, outcome);
            }
        }
    }

    private TransactionReply ReplyTo(Admitted answer)
    {
        var hash = answer.Transaction?.Hash;
        if (answer.Refusal == Refusal.AlreadyFinal && Find(hash!.Value) is { } outcome)
        {
            return Final(hash.Value, outcome) with { Duplicate = true };
        }

        return answer.Refusal is Refusal.None or Refusal.Duplicate
            ? new(hash!.Value.ToString(), "pending", Duplicate: answer.Refusal == Refusal.Duplicate)
            : new(
                hash?.ToString()
                ?? "", "rejected", Reason: answer.Words, Code: Admission.LabelOf(answer.Refusal));
    }

    private IResult Show(string text)
    {
        if (!Digest.TryParse(text, out var hash))
        {
            return Problems.BadRequest("a transaction's hash is 64 hexadecimal digits");
        }

        if (Find(hash) is { } outcome)
        {
            return Results.Ok(Final(hash, outcome));
        }

        return pool.Contains(hash)
            ? Results.Ok(new TransactionReply(text, "pending"))
            : Problems.NotFound($"no transaction {text} is waiting or final here");
    }

    private FinalOutcome? Find(Digest hash)
        => store.FindTransaction(hash) is { } place
        && store.ReadReceipt(place.Height, place.Index) is { } receipt
            ? new(place.Height, place.Index, receipt)
            : null;

    public static TransactionReply Final(Digest hash, FinalOutcome outcome) => new(
        hash.ToString(), "final", outcome.Height.Value, outcome.Index, outcome.Receipt.IsApplied,
        outcome.Receipt.IsApplied
            ? null
            : $"operation {outcome.Receipt.FailedOperation}: {WordsFor(outcome.Receipt.Failure)}",
        outcome.Receipt.IsApplied ? null : Code(outcome.Receipt.Failure));

    private static string Code(FailureReason reason)
        => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    private static string WordsFor(FailureReason reason) => reason switch
    {
        FailureReason.NotPermitted => "the sender lacks the role for it",
        FailureReason.VersionMismatch => "the key has another version than expected",
        FailureReason.KeyNotFound => "there is no such key or role",
        FailureReason.AssetExists => "the asset exists already",
        FailureReason.AssetUnknown => "there is no such asset",
        FailureReason.NotIssuer => "the sender did not define this asset",
        FailureReason.InsufficientBalance => "the balance is too small",
        FailureReason.Overflow => "the amount would overflow the asset's supply",
        FailureReason.LastAdmin => "the last admin cannot be revoked",
        FailureReason.LastValidator => "the last validator cannot be removed",
        FailureReason.ValidatorExists => "a validator has this name or this key already",
        FailureReason.ValidatorUnknown => "there is no such validator",
        FailureReason.TooManyValidators
            => $"a chain has at most {Limits.Validators} validators, all that ever were",
        FailureReason.NoLearner => "no validator of this key learns: add it first, or it votes already",
        FailureReason.EvidenceInvalid => "the evidence proves nothing against a validator of this chain",
        FailureReason.EvidenceTooOld => "the offence lies too far back",
        FailureReason.EvidenceKnown => "the ledger holds this offence already",
        _ => "an argument is not valid",
    };
}
