using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Flight;

/// <summary>
/// How values of one type are drawn and read back. An engine's state is drawn by its fields, whatever they
/// are, so that no field can be forgotten; only types of the ledger's own lowest projects and a few
/// collections can be, and a picture names none of them: it says which of the known ones it means.
/// </summary>
internal abstract class Form
{
    private static readonly Assembly[] Known =
        [typeof(Digest).Assembly, typeof(Block).Assembly, typeof(IEngine).Assembly];

    private static readonly Type[] Concrete =
    [
        .. Known.SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsAbstract: false, IsGenericTypeDefinition: false })
            .OrderBy(type => type.FullName, StringComparer.Ordinal),
    ];

    /// <summary>All that is ever needed, made at once.</summary>
    private static readonly Dictionary<Type, Form> Forms
        = MakeAll(typeof(IEngine), typeof(EngineTurn), typeof(FlightSource), typeof(Digest));

    /// <summary>The types that it is made of.</summary>
    public virtual IEnumerable<Type> Parts => [];

    /// <summary>More about it than its parts say.</summary>
    public virtual string Note => "";

    public abstract void Write(object? value, PictureWriter writer);

    public abstract object? Read(PictureReader reader);

    /// <summary>The form of what is declared as this type.</summary>
    /// <exception cref="FlightException">There is none.</exception>
    public static Form Of(Type type) => Forms.TryGetValue(type, out var form)
        ? form
        : throw new FlightException($"the flight recorder does not know how to keep a {type}");

    /// <summary>
    /// The concrete types that may stand where this one is declared, in an order of their own.
    /// </summary>
    public static Type[] FamilyOf(Type declared) => Array.FindAll(Concrete, declared.IsAssignableFrom);

    /// <summary>
    /// A hash over all that pictures of these types are made of: where it differs, so do the pictures.
    /// </summary>
    public static Digest Fingerprint(params Type[] roots)
    {
        SortedDictionary<string, string> lines = new(StringComparer.Ordinal);
        Queue<Type> open = new(roots);
        while (open.TryDequeue(out var type))
        {
            if (lines.ContainsKey(type.ToString()))
            {
                continue;
            }

            var form = Of(type);
            lines[type.ToString()] =
                $"{type} {form.GetType().Name} {form.Note} {string.Join(' ', form.Parts)}\n";
            foreach (var part in form.Parts)
            {
                open.Enqueue(part);
            }
        }

        return new(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines.Values))));
    }

    private static Dictionary<Type, Form> MakeAll(params Type[] roots)
    {
        Dictionary<Type, Form> made = [];
        Queue<Type> open = new(roots);
        while (open.TryDequeue(out var type))
        {
            if (!made.ContainsKey(type))
            {
                var form = made[type] = Make(type);
                foreach (var part in form.Parts)
                {
                    open.Enqueue(part);
                }
            }
        }

        return made;
    }

    private static Form Make(Type type)
    {
        if (Leaf.FormOf(type) is { } leaf)
        {
            return leaf;
        }

        if (type == typeof(Block))
        {
            return new BlockForm();
        }

        if (type.IsArray)
        {
            return new SequenceForm(type, type.GetElementType()!);
        }

        if (type.IsGenericType
            && CollectionOf(type, type.GetGenericTypeDefinition(), type.GetGenericArguments()) is { } made)
        {
            return made;
        }

        var isOurs = Known.Contains(type.Assembly) && !type.IsSubclassOf(typeof(Delegate));
        return isOurs switch
        {
            true when type.IsValueType => new FieldsForm(type),
            true when type.IsSealed => new FieldsForm(type),
            true => new FamilyForm(type),
            _ => throw new FlightException($"the flight recorder does not know how to keep a {type}"),
        };
    }

    private static Form? CollectionOf(Type type, Type definition, Type[] arguments)
    {
        if (definition == typeof(Nullable<>))
        {
            return new NullableForm(arguments[0]);
        }

        if (type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal))
        {
            return new FieldsForm(type);
        }

        if (definition == typeof(SortedDictionary<,>) || definition == typeof(Dictionary<,>))
        {
            return new MapForm(type, arguments[0], arguments[1]);
        }

        if (definition == typeof(IReadOnlyList<>))
        {
            return new SequenceForm(arguments[0].MakeArrayType(), arguments[0]);
        }

        return definition == typeof(List<>) || definition == typeof(Queue<>)
            || definition == typeof(HashSet<>)
            || definition == typeof(SortedSet<>)
                ? new SequenceForm(type, arguments[0])
                : null;
    }
}
